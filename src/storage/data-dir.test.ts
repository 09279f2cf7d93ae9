import { fork } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryPoint } from '../runtime/entry-point.js';
import { DataDir, ownerOf, socketPathOf } from './data-dir.js';
import { claimOwnership } from './data-dir-owner.js';

describe('the data directory', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-dir-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('is made for its owner alone, and says who that is', async () => {
    const path = join(root, 'data');
    const dir = await DataDir.open(path, { create: true });
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(dir.keys)).mode & 0o777).toBe(0o700);
    expect(await ownerOf(path)).toMatchObject({ pid: process.pid, host: hostname() });
    expect(dir.socketPath).toBe(join(path, 'vigie.sock'));
    expect(await socketPathOf(path)).toBe(dir.socketPath);
    await dir.close();
    expect(await ownerOf(path)).toBeUndefined();
    expect((await readdir(path)).sort()).toEqual(['events', 'keys', 'media', 'seen', 'segments', 'tmp', 'vigie-data']);
  });

  it('is not made unless asked, and must be a directory', async () => {
    await expect(DataDir.open(join(root, 'none'))).rejects.toMatchObject({ code: 'data-dir-unusable' });
    await writeFile(join(root, 'file'), '');
    await expect(DataDir.open(join(root, 'file'))).rejects.toMatchObject({ code: 'data-dir-unusable' });
    await expect(DataDir.open(join(root, 'file'), { create: true })).rejects.toMatchObject({
      code: 'data-dir-unusable',
    });
  });

  it('leaves a directory of somebody else alone', async () => {
    await mkdir(join(root, 'tmp'));
    await writeFile(join(root, 'tmp', 'thesis'), 'years of work');
    await expect(DataDir.open(root)).rejects.toMatchObject({
      code: 'data-dir-unusable',
      detail: 'it holds other files',
    });
    expect(await readdir(root)).toEqual(['tmp']);
    expect(await readdir(join(root, 'tmp'))).toEqual(['thesis']);
  });

  it('has one owner, whatever path it is opened by', async () => {
    const dir = await DataDir.open(join(root, 'data'), { create: true });
    await symlink(join(root, 'data'), join(root, 'link'));
    const second = DataDir.open(join(root, 'link'));
    await expect(second).rejects.toMatchObject({ code: 'data-dir-in-use' });
    await expect(second).rejects.toThrow(`process ${process.pid}`);
    await dir.close();
    await (await DataDir.open(join(root, 'link'))).close();
  });

  it('is free again as soon as its owner was killed', async () => {
    const path = join(root, 'data');
    await mkdir(path);
    const script = join(root, 'owner.mjs');
    const module = entryPoint(import.meta.url, './data-dir.js');
    await writeFile(
      script,
      `import { DataDir } from ${JSON.stringify(module)};
       await DataDir.open(${JSON.stringify(path)});
       process.send('owned');
       setInterval(() => undefined, 1000);`,
    );
    const owner = fork(script);
    await new Promise((resolve) => owner.once('message', resolve));
    await expect(DataDir.open(path)).rejects.toMatchObject({ code: 'data-dir-in-use' });
    await writeFile(join(path, 'tmp', 'left over'), '');
    const exited = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await exited;
    const dir = await DataDir.open(path);
    expect(await readdir(dir.tmp)).toEqual([]);
    await dir.close();
  });

  it('keeps its socket short, in a private place that is written down', async () => {
    const path = join(root, 'a'.repeat(60), 'b'.repeat(60));
    const dir = await DataDir.open(path, { create: true });
    expect(Buffer.byteLength(dir.socketPath)).toBeLessThan(100);
    expect(await socketPathOf(path)).toBe(dir.socketPath);
    const home = join(dir.socketPath, '..');
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    await dir.close();
    const again = await DataDir.open(path);
    expect(again.socketPath).toBe(dir.socketPath);
    await again.close();
    await rm(home, { recursive: true });
  });

  describe('owned from where the lock does not reach', () => {
    const elsewhere = { pid: 1, host: 'other', reach: 'net:[1]', command: 'vigie serve', since: '2024-01-01' };

    it('is refused while that owner shows life', async () => {
      const file = join(root, 'owner.json');
      await writeFile(file, JSON.stringify(elsewhere));
      let beats = Date.now();
      const beating = setInterval(() => {
        beats += 10;
        void utimes(file, beats / 1000, beats / 1000);
      }, 20);
      await expect(claimOwnership(file, 'net:[2]')).rejects.toMatchObject({ code: 'data-dir-in-use' });
      clearInterval(beating);
    });

    it('is taken once that owner has been silent', async () => {
      const file = join(root, 'owner.json');
      await writeFile(file, JSON.stringify(elsewhere));
      await utimes(file, 1000, 1000);
      const disown = await claimOwnership(file, 'net:[2]');
      expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid, reach: 'net:[2]' });
      await disown();
    });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryPoint } from '../runtime/entry-point.js';
import { MediaPool } from './pool.js';
import { sandboxReport } from './sandbox.js';

const entry = entryPoint(import.meta.url, './testing/misbehaving-worker.js');
let pool: MediaPool;
beforeAll(() => {
  const limits = { maxPixels: 1e8, maxFrames: 10, timeoutMs: 20_000, memoryBytes: 2 ** 30, queueLimit: 4 };
  pool = new MediaPool({ processes: 1, entry, ...limits });
});
afterAll(() => pool.close());

const probe = async (word: string): Promise<string> =>
  await pool.hash(Buffer.from(word), { mode: 'fast' }).then(
    () => 'no answer',
    (error) => error.detail,
  );
const holds = (measure: string): boolean => sandboxReport().some((each) => each.measure === measure && each.holds);

describe('a decoder process', () => {
  it('has an empty environment', async () => {
    process.env['VIGIE_KEY'] ??= 'not for decoders';
    expect(await probe('environment')).toBe('');
  });

  it('stands in a place where there is nothing and nothing can be put', async () => {
    expect(await probe('directory')).toMatch(/^(\[\]|refused (EACCES|ENOENT))$/);
    expect(await probe('file')).toMatch(/^refused/);
    expect(existsSync('made-by-a-decoder')).toBe(false);
  });

  it.skipIf(!holds('limits on memory, processor time and files'))('writes no file anywhere', async () => {
    expect(await probe('elsewhere')).toMatch(/^refused/);
  });

  it.skipIf(!holds('another user'))('is nobody', async () => {
    expect(await probe('user')).toMatch(/^65534 65534 (65534)?$/);
  });

  it.skipIf(!holds('no network'))('reaches no network, not even this machine', async () => {
    expect(await probe('interfaces')).toBe('');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(await probe(`connect ${(server.address() as AddressInfo).port}`)).toMatch(/^refused/);
    server.close();
  });

  it.skipIf(!holds('ends with the service, no new privileges'))('ends with a service that is killed', async () => {
    const program = `
      const { MediaPool } = await import(${JSON.stringify(entryPoint(import.meta.url, './pool.js'))});
      const limits = { maxPixels: 1e8, maxFrames: 10, timeoutMs: 60_000, memoryBytes: 2 ** 30, queueLimit: 4 };
      const pool = new MediaPool({ processes: 1, entry: ${JSON.stringify(entry)}, ...limits });
      await pool.start();
      const busy = { mode: 'fast', onHandedOver: () => console.log(pool.processes[0].pid) };
      await pool.hash(Buffer.from('hang'), busy);`;
    const service = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const decoder = `/proc/${Number(line)}`;
    expect(existsSync(decoder)).toBe(true);
    service.kill('SIGKILL');
    await once(service, 'exit');
    await expect.poll(() => existsSync(decoder), { timeout: 20_000 }).toBe(false);
  });

  it('is told of by the report, each measure with what it rests on', () => {
    expect(sandboxReport().length).toBeGreaterThanOrEqual(6);
    for (const { measure, detail } of sandboxReport()) expect(`${measure}: ${detail}`).toMatch(/^.{8,}: .+/);
  });
});

/** The contract of the commands that need no service: shapes, exit codes, bad files, interruption, completion. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsonLines, start, vigie } from './command.js';
import { VIGIE } from './service.js';

// Every command is a process of its own; on a busy machine that adds up.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let root: string;
const inRoot = (name: string): string => join(root, name);

/** A picture with shapes enough for a hash of good quality, drawn from a seed. */
async function draw(seed: number): Promise<Buffer> {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
  const shapes = Array.from({ length: 24 }, () => {
    const colour = `rgb(${next(256)},${next(256)},${next(256)})`;
    return `<circle cx="${next(320)}" cy="${next(240)}" r="${10 + next(50)}" fill="${colour}"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240">${shapes.join('')}</svg>`;
  return await sharp(Buffer.from(svg)).flatten({ background: '#fff' }).png().toBuffer();
}

interface HashLine {
  readonly path: string;
  readonly bytes?: number;
  readonly kind?: string;
  readonly width?: number;
  readonly height?: number;
  readonly md5?: string;
  readonly sha1?: string;
  readonly sha256?: string;
  readonly pdq?: string;
  readonly quality?: number;
  readonly dihedral?: Readonly<Record<string, string>>;
  readonly error?: { readonly code: string; readonly message: string };
}

interface ScanLine {
  readonly path: string;
  readonly verdict: string;
  readonly reason: string | null;
  readonly matches: readonly Record<string, unknown>[];
  readonly ms: Readonly<Record<string, number>>;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vigie-cli-'));
  await mkdir(inRoot('tree/sub'), { recursive: true });
  await writeFile(inRoot('known.png'), await draw(1));
  await writeFile(inRoot('unknown.png'), await draw(2));
  await writeFile(inRoot('tree/a.png'), await draw(3));
  await writeFile(inRoot('tree/empty.png'), '');
  await writeFile(inRoot('tree/notes.txt'), 'no picture');
  await writeFile(inRoot('tree/sub/cut.png'), (await draw(4)).subarray(0, 3_000));
  await writeFile(inRoot('tree/sub/line\nbreak.png'), await draw(5));
  await writeFile(Buffer.concat([Buffer.from(inRoot('tree/sub/')), Buffer.from([0xff, 0xfe])]), await draw(6));
  await symlink('..', inRoot('tree/sub/circle'));
  await symlink('nowhere', inRoot('tree/sub/dangling'));
  await symlink('../known.png', inRoot('tree/z-link.png'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('vigie hash', () => {
  it('writes one line a file, in the order given, with what could not be read among them', async () => {
    const outcome = await vigie([
      'hash',
      inRoot('unknown.png'),
      inRoot('missing'),
      inRoot('tree'),
      '--format',
      'jsonl',
    ]);
    expect(outcome.code).toBe(1);
    const lines = jsonLines<HashLine>(outcome);
    expect(lines.map(({ path }) => path.slice(root.length + 1))).toEqual([
      'unknown.png',
      'missing',
      'tree/a.png',
      'tree/empty.png',
      'tree/notes.txt',
      'tree/sub/cut.png',
      'tree/sub/dangling',
      'tree/sub/line\nbreak.png',
      'tree/sub/\ufffd\ufffd',
      'tree/z-link.png',
    ]);
    const bytes = await readFile(inRoot('unknown.png'));
    const digest = (name: string) => createHash(name).update(bytes).digest('hex');
    const [first, missing, , empty, notes, , dangling, , foreign, link] = lines;
    expect(first).toMatchObject({
      bytes: bytes.length,
      kind: 'image',
      width: 320,
      height: 240,
      md5: digest('md5'),
      sha1: digest('sha1'),
      sha256: digest('sha256'),
    });
    expect(first?.pdq).toMatch(/^[0-9a-f]{64}$/);
    expect(first?.quality).toBeGreaterThan(50);
    expect(Object.keys(first?.dihedral ?? {})).toHaveLength(8);
    expect(first?.dihedral?.['original']).toBe(first?.pdq);
    expect(first).not.toHaveProperty('error');
    expect(Object.keys(missing ?? {})).toEqual(['path', 'error']);
    expect([missing, empty, dangling].map((line) => line?.error?.code)).toEqual([
      'file-not-readable',
      'media-empty',
      'file-not-readable',
    ]);
    expect(notes).not.toHaveProperty('pdq');
    expect(foreign?.pdq).toMatch(/^[0-9a-f]{64}$/);
    expect(link?.error).toBeUndefined();
    expect(outcome.stderr).toContain('circle');
  });

  it('reads standard input, and writes a CSV that is a list', async () => {
    const outcome = await vigie(['hash', '--faithful', '--format', 'csv', '-'], await readFile(inRoot('known.png')));
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await writeFile(inRoot('known.csv'), outcome.stdout);
    const scanned = await vigie(['scan', '--list', inRoot('known.csv'), '--format', 'jsonl', inRoot('known.png')]);
    expect(scanned.code).toBe(10);
  });

  it('keeps the names of files from breaking a table', async () => {
    const { stdout } = await vigie(['hash', inRoot('tree/sub')]);
    expect(stdout).toContain('line\\nbreak.png');
    expect(stdout.trimEnd().split('\n')).toHaveLength(5);
  });
});

describe('vigie scan --list', () => {
  beforeAll(async () => {
    const [line] = jsonLines<HashLine>(await vigie(['hash', '--faithful', '--format', 'jsonl', inRoot('known.png')]));
    await writeFile(inRoot('list.csv'), `id,pdq,quality,grade\nentry-1,${line?.pdq},${line?.quality},A\n`);
  });

  it('keeps the files of a table below each other, however much matches and whatever it is called', async () => {
    const bytes = await readFile(inRoot('known.png'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const ids = [1, 2, 3].map((n) => `an-entry-with-a-name-as-long-as-some-hotlines-give-them-${n}`);
    await writeFile(inRoot('many.csv'), `id,sha256\n${ids.map((id) => `${id},${sha256}\n`).join('')}`);
    const { stdout } = await vigie(['scan', '--list', inRoot('many.csv'), inRoot('unknown.png'), inRoot('known.png')]);
    const [head = '', ...rows] = stdout.split('\n').slice(0, 3);
    expect(rows.map((row) => row.indexOf(root))).toEqual([head.indexOf('file'), head.indexOf('file')]);
    expect(rows[1]).toMatch(/^match .*many\/an-entry.*….* \+2 more {2}/);
  });

  it('gives one verdict a file, and the exit code tells the worst of them', async () => {
    const mirrored = await sharp(inRoot('known.png')).flop().jpeg().toBuffer();
    await writeFile(inRoot('mirrored.jpg'), mirrored);
    const scan = async (...names: string[]) =>
      await vigie(['scan', '--list', inRoot('list.csv'), '--format', 'jsonl', ...names.map(inRoot)]);
    const outcome = await scan('unknown.png', 'mirrored.jpg');
    expect(outcome.code).toBe(10);
    const [none, match] = jsonLines<ScanLine>(outcome);
    expect(none).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', matches: [] });
    expect(match).toMatchObject({ verdict: 'match', reason: null });
    expect(match?.matches[0]).toMatchObject({ list: 'list', entry: 'entry-1', grade: 'A', signal: 'pdq' });
    expect(Object.keys(match?.matches[0] ?? {})).toEqual([
      ...['list', 'entry', 'grade', 'signal', 'distance', 'view', 'extent', 'across'],
    ]);
    expect(match?.matches[0]?.['view']).not.toBe('as-is');
    expect(match?.ms['total']).toBeGreaterThan(0);
    expect((await scan('unknown.png')).code).toBe(0);
    const worst = await scan('mirrored.jpg', 'missing', 'tree/empty.png');
    expect(worst.code).toBe(20);
    expect(jsonLines<ScanLine>(worst).map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['match', null],
      ['could-not-tell', 'file-not-readable'],
      ['could-not-tell', 'media-empty'],
    ]);
  });

  it('fails by itself, and not as a verdict, when the list cannot be read', async () => {
    const outcome = await vigie(['scan', '--list', inRoot('nope.csv'), inRoot('known.png')]);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('[file-not-readable]');
  });
});

describe('the command line', () => {
  it('says what is wrong with an option, and ends with 2', async () => {
    const wrong = [
      ['scan', '--nope', 'x'],
      ['hash', '--max-bytes', 'much', 'x'],
      ['list', 'rollback', 'x', '--to', 'abc'],
      ['key', 'create', 'x', '--scope', 'everything'],
      ['list', 'rules', 'x', '--threshold', 'md5=3'],
      ['list', 'rules', 'x', '--sample', '2'],
      ['list', 'rules', 'x', '--grades', 'A,,B'],
    ];
    const outcomes = await Promise.all(wrong.map((args) => vigie(args)));
    for (const { code, stdout, stderr } of outcomes) {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--help');
    }
  });

  it('makes no data directory by mistake', async () => {
    const data = inRoot('mistyped');
    const outcome = await vigie(['list', 'ls', '--data', data]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('[data-dir-missing]');
    expect((await vigie(['scan', 'x', '--data', data])).stderr).toContain('[service-not-running]');
    await expect(readFile(join(data, 'vigie-data'))).rejects.toThrow('ENOENT');
  });

  it('compares files and values, and tells trouble from difference', async () => {
    const value = '0'.repeat(32);
    const compare = async (...args: string[]) => (await vigie(['compare', ...args])).code;
    const [known, unknown] = [inRoot('known.png'), inRoot('unknown.png')];
    expect(await Promise.all([compare(known, inRoot('mirrored.jpg')), compare(known, unknown)])).toEqual([0, 1]);
    expect(await Promise.all([compare(known, inRoot('tree/empty.png')), compare(known, 'missing')])).toEqual([2, 2]);
    const values = [compare('--type', 'md5', value, value.replace('0', '1')), compare('--type', 'md5', value, 'zz')];
    expect(await Promise.all(values)).toEqual([1, 2]);
  });

  it('ends quietly when its reader goes away, and fails when the disk is full', async () => {
    const list = inRoot('list.csv');
    const shell = (line: string) =>
      spawnSync('bash', ['-c', line], { encoding: 'utf8', env: { ...process.env, V: VIGIE, R: root, L: list } });
    const files = '"$R"/tree "$R"/tree "$R"/tree';
    const hashed = shell(`node "$V" hash --format jsonl ${files} 2>"$R"/err | head -1; echo "\${PIPESTATUS[0]}"`);
    expect(hashed.stdout.trim().split('\n').at(-1)).toBe('0');
    expect(await readFile(inRoot('err'), 'utf8')).not.toMatch(/EPIPE|internal/);
    // What was not read of the verdicts is not known.
    const scanned = shell(`node "$V" scan --list "$L" ${files} 2>"$R"/err | head -1; echo "\${PIPESTATUS[0]}"`);
    expect(scanned.stdout.trim().split('\n').at(-1)).toBe('20');
    const full = shell('node "$V" hash "$R"/known.png > /dev/full');
    expect([full.status, full.stderr]).toEqual([1, expect.stringContaining('[disk-full]')]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s with %i, though standard input never ends', async (name, code) => {
    const { child, done } = start(['hash', '--format', 'csv', inRoot('known.png'), '-']);
    // The heading and the first file are written, and it waits for standard input.
    await new Promise<void>((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('known.png,')) resolve();
      });
    });
    child.kill(name);
    expect(await done).toMatchObject({ code, stderr: '' });
  });

  it('colours on a terminal only, and not against NO_COLOR', async () => {
    const plain = await vigie(['hash', inRoot('known.png')]);
    expect(plain.stdout).not.toContain('\x1b');
    if (spawnSync('script', ['--version']).status !== 0) return;
    const env = { ...process.env, TERM: 'xterm', V: VIGIE, R: root, L: inRoot('list.csv') };
    const run = (more: Record<string, string>) =>
      spawnSync('script', ['-qec', 'node "$V" scan --list "$L" "$R"/known.png', '/dev/null'], {
        encoding: 'utf8',
        env: { ...env, ...more },
      });
    const onTerminal = run({});
    expect(onTerminal.status).toBe(10);
    expect(onTerminal.stdout).toContain('\x1b[31mmatch');
    expect(run({ NO_COLOR: '1' }).stdout).not.toContain('\x1b[31m');
  });

  it('completes in bash what the commands themselves say', () => {
    const complete = (...words: string[]): string[] => {
      const script = `source <(node "$V" completion bash)
        COMP_WORDS=(vigie "$@"); COMP_CWORD=$#; COMPREPLY=(); _vigie; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { ...process.env, V: VIGIE };
      return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8', env, cwd: root })
        .trim()
        .split('\n');
    };
    expect(complete('li')).toEqual(['list', 'link']);
    expect(complete('list', 'imp')).toEqual(['import']);
    expect(complete('list', 'import', '--max')).toEqual(['--max-rejected']);
    expect(complete('list', 'import', '--format', 'j')).toEqual(['jsonl']);
    expect(complete('completion', '')).toEqual(['bash', 'zsh', 'fish', '--help']);
    expect(complete('scan', '--list', 'kno').sort()).toEqual(['known.csv', 'known.png']);
  });
});

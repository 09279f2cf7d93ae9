import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { VigieError } from '../errors.js';
import { errnoOf, fileError, syncDirectory, writeFileDurably } from './durable-file.js';
import { MASTER_KEY_BYTES } from './keyring.js';

const run = promisify(execFile);
const COMMAND_LIMIT = 30_000;

/** What of the environment is looked at; a test gives its own. */
export interface KeyEnvironment {
  /** One or several keys, separated by commas or white space; the first is the active one. */
  readonly VIGIE_KEY?: string | undefined;
  /** A shell command that prints the same, to fetch the keys from a KMS. */
  readonly VIGIE_KEY_COMMAND?: string | undefined;
  readonly PATH?: string | undefined;
  readonly HOME?: string | undefined;
}

/**
 * Keys written as text: 64 hexadecimal digits or base64 of 32 bytes each, separated by commas or white space.
 * Lines that begin with `#` are left out.
 * @throws VigieError `seal-key-unsafe`
 */
export function parseKeys(text: string, from: string): Uint8Array[] {
  const words = text.replace(/^\s*#.*$/gm, '').split(/[\s,]+/);
  return words.filter((word) => word !== '').map((word) => parseKey(word, from));
}

function parseKey(word: string, from: string): Uint8Array {
  const key = /^[0-9a-f]{64}$/i.test(word)
    ? Buffer.from(word, 'hex')
    : /^[0-9a-z+/_-]{43}=?$/i.test(word)
      ? Buffer.from(word, 'base64')
      : undefined;
  if (key?.byteLength !== MASTER_KEY_BYTES) throw new VigieError('seal-key-unsafe', { detail: from });
  return key;
}

/**
 * The keys that a KMS command prints.
 * @throws VigieError `seal-key-missing` when it fails or prints none; what it printed is not told
 */
export async function keysFromCommand(command: string, environment: KeyEnvironment): Promise<Uint8Array[]> {
  try {
    const { stdout } = await run('/bin/sh', ['-c', command], {
      timeout: COMMAND_LIMIT,
      maxBuffer: 64 * 1024,
      env: { PATH: environment.PATH ?? '/usr/bin:/bin', HOME: environment.HOME ?? '/' },
    });
    const keys = parseKeys(stdout, 'VIGIE_KEY_COMMAND');
    if (keys.length > 0) return keys;
  } catch (thrown) {
    if (thrown instanceof VigieError) throw thrown;
    const { code, killed } = thrown as { code?: unknown; killed?: boolean };
    const how = killed ? 'took too long' : `ended with ${typeof code === 'number' ? code : 'an error'}`;
    throw new VigieError('seal-key-missing', { detail: `VIGIE_KEY_COMMAND ${how}` });
  }
  throw new VigieError('seal-key-missing', { detail: 'VIGIE_KEY_COMMAND printed no key' });
}

/**
 * The keys of a key file, none when there is no file.
 * @throws VigieError `seal-key-unsafe` when others may read it
 */
export async function keysFromFile(path: string): Promise<Uint8Array[]> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new VigieError('seal-key-unsafe', { detail: 'others may read the key file' });
    return parseKeys(await readFile(path, 'utf8'), 'the key file');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw fileError(thrown, 'seal-key-missing');
  }
}

/** Writes keys to a key file of mode 0600, the active one first, and through to the disk. */
export async function writeKeyFile(path: string, keys: readonly Uint8Array[]): Promise<void> {
  const lines = keys.map((key) => Buffer.from(key).toString('hex'));
  await writeFileDurably(
    path,
    `# Keep a copy apart from the data. The first key is the active one.\n${lines.join('\n')}\n`,
  );
}

/** Makes a new key the active one of a key file, which keeps the older ones. */
export async function addKeyToFile(path: string): Promise<Uint8Array[]> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const keys = [new Uint8Array(randomBytes(MASTER_KEY_BYTES)), ...(await keysFromFile(path))];
  await writeKeyFile(path, keys);
  await syncDirectory(dirname(directory));
  return keys;
}

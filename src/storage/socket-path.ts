import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileDurably } from './durable-file.js';

/** sun_path holds 108 bytes with its closing zero; longer paths are cut without a word by some systems. */
const LONGEST = 100;

/**
 * Where the running service's socket is. In the data directory; where that path is too long for a socket, in a private
 * directory for running programs, whose path is then written down in the data directory.
 * @param make make that private directory when there is none; only the owner of the data directory does
 */
export async function findSocketPath(dataDir: string, make: boolean): Promise<string> {
  const inside = join(dataDir, 'vigie.sock');
  if (Buffer.byteLength(inside) <= LONGEST) return inside;
  const note = join(dataDir, 'socket-path');
  const noted = (await readFile(note, 'utf8').catch(() => '')).trim();
  if (noted !== '' && (!make || (await isPrivate(noted)))) return join(noted, 'vigie.sock');
  if (!make) return inside;
  const directory = await mkdtemp(join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'vigie-'));
  await writeFileDurably(note, `${directory}\n`);
  return join(directory, 'vigie.sock');
}

/** Others must not be able to put a socket of theirs in its place. */
async function isPrivate(directory: string): Promise<boolean> {
  const found = await stat(directory).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}

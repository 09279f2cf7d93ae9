import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import { printable, remark } from './output.js';

/** One file to look at, or a path that cannot be looked at, which is told and not passed over. */
export interface Found {
  /** For people and for JSON. */
  readonly path: string;
  /** For the system: a name that is no UTF-8 has no other way. */
  readonly file: string | Buffer;
  readonly error?: VigieError;
}

/**
 * The files at the given paths, in the order given; folders are walked in the order of their names; `-` is standard
 * input. Inside a folder, a link to a file is looked at, and a link to a folder is not followed, so that a circle does
 * not turn for ever; that is remarked, as is what is neither file nor folder.
 */
export async function* walk(paths: readonly string[]): AsyncGenerator<Found> {
  for (const path of paths) {
    if (path === '-') {
      yield { path, file: path };
      continue;
    }
    try {
      if ((await stat(path)).isDirectory()) yield* walkFolder(path, Buffer.from(path));
      else yield { path, file: path };
    } catch (cause) {
      yield { path, file: path, error: unreadable(cause) };
    }
  }
}

async function* walkFolder(folder: string, file: Buffer): AsyncGenerator<Found> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(file, { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    yield { path: folder, file, error: unreadable(cause) };
    return;
  }
  entries.sort((a, b) => Buffer.compare(a.name, b.name));
  for (const entry of entries) {
    const path = join(folder, entry.name.toString());
    const inside = Buffer.concat([file, Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) yield* walkFolder(path, inside);
    else if (entry.isFile()) yield { path, file: inside };
    else if (entry.isSymbolicLink()) yield* followLink(path, inside);
    else remark(`${printable(path)}: left out, it is neither a file nor a folder`);
  }
}

async function* followLink(path: string, file: Buffer): AsyncGenerator<Found> {
  try {
    const target = await stat(file);
    if (target.isFile()) yield { path, file };
    else remark(`${printable(path)}: left out, links to folders are not followed`);
  } catch (cause) {
    yield { path, file, error: unreadable(cause) };
  }
}

/** @param path named in the message where it would not be clear which file is meant */
export function unreadable(cause: unknown, path?: string): VigieError {
  const code = (cause as { code?: unknown } | null)?.code;
  const why = typeof code === 'string' ? code : 'unknown cause';
  return new VigieError('file-not-readable', {
    detail: path === undefined ? why : `${printable(path)}: ${why}`,
    cause,
  });
}

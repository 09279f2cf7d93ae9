import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';

/** One file to look at, or a path that cannot be looked at, which is told and not passed over. */
export type Found = { readonly path: string; readonly error?: VigieError };

/**
 * The files at the given paths, in the order given; folders are walked in the order of their names. Links inside a
 * folder are not followed, so that a circle does not turn for ever; `-` is standard input.
 */
export async function* walk(paths: readonly string[]): AsyncGenerator<Found> {
  for (const path of paths) {
    if (path === '-') {
      yield { path };
      continue;
    }
    try {
      if ((await stat(path)).isDirectory()) yield* walkFolder(path);
      else yield { path };
    } catch (cause) {
      yield { path, error: unreadable(cause) };
    }
  }
}

async function* walkFolder(folder: string): AsyncGenerator<Found> {
  const entries = [];
  try {
    for await (const entry of await opendir(folder)) entries.push(entry);
  } catch (cause) {
    yield { path: folder, error: unreadable(cause) };
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walkFolder(path);
    else if (entry.isFile()) yield { path };
  }
}

export function unreadable(cause: unknown): VigieError {
  const code = (cause as { code?: unknown } | null)?.code;
  return new VigieError('file-not-readable', { detail: typeof code === 'string' ? code : 'unknown cause', cause });
}

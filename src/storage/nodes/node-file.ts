import { readFile } from 'node:fs/promises';
import { errnoOf, fileError, writeFileDurably } from '../durable-file.js';

/**
 * Notes in the data directory, which this process owns, under which id it appears among the nodes.
 * @returns the id of the process that had the directory before; it is gone
 */
export async function takeNodeFile(path: string, id: string): Promise<string | undefined> {
  let before: string | undefined;
  try {
    before = (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw fileError(thrown, 'data-dir-unusable');
  }
  await writeFileDurably(path, `${id}\n`);
  return before === '' ? undefined : before;
}

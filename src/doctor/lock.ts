import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import { lockDirectory } from '../storage/data-dir-lock.js';
import type { Finding } from './finding.js';

/** Takes the lock on a directory of its own twice: the second time must be refused. */
export async function lock(place: string): Promise<Finding> {
  const what = 'lock';
  const directory = await mkdtemp(join(place, '.vigie-doctor-')).catch(() => undefined);
  if (directory === undefined) return { what, state: 'bad', found: 'could not be tried' };
  try {
    const found = await stat(directory);
    const unlock = await lockDirectory(found);
    const second = await lockDirectory(found).then(
      async (free) => {
        await free();
        return undefined;
      },
      (thrown: unknown) => VigieError.from(thrown).code,
    );
    await unlock();
    return second === 'data-dir-in-use'
      ? { what, state: 'good', found: 'a directory has one owner' }
      : { what, state: 'bad', found: 'two processes could own one directory', remedy: 'Run one process a directory.' };
  } catch (thrown) {
    const { message, remedy } = VigieError.from(thrown);
    return { what, state: 'bad', found: message, remedy };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

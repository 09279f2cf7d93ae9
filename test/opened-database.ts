import { afterAll, beforeAll } from 'vitest';
import type { Database } from '../src/storage/database.js';
import type { DATABASES, TestDatabases } from './databases.js';

/**
 * Opens one empty database for the tests of a suite and closes it after them; call it where the suite is described.
 * @param place one of `DATABASES`; where it is missing nothing is opened
 * @param use takes the database, and what opens more of its kind
 */
export function openedBefore(
  { missing, start }: Pick<(typeof DATABASES)[number], 'missing' | 'start'>,
  use: (database: Database, databases: TestDatabases) => void,
): void {
  let databases: TestDatabases | undefined;
  beforeAll(async () => {
    if (missing !== undefined) return;
    databases = await start();
    use(await databases.open(), databases);
  });
  afterAll(async () => {
    await databases?.close();
  });
}

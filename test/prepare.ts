/** Before all tests: makes the templates of databases, which takes longer than a test may when the machine is busy. */
import { existsSync } from 'node:fs';
import { embeddedTemplate } from './database-templates.js';

export async function setup(): Promise<void> {
  // Without a build there is no embedded database, and the tests that need one say so themselves.
  if (!existsSync('dist/src/storage/pglite-worker.js')) return;
  await embeddedTemplate();
}

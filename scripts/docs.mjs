// Makes the pages of docs/ that follow from the code: docs/errors.md from the table of errors. A test keeps them equal.
import { writeFile } from 'node:fs/promises';
import { errorsPage } from '../dist/src/docs/errors-page.js';

await writeFile(new URL('../docs/errors.md', import.meta.url), errorsPage());

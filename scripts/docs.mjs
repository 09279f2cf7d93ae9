// Makes the pages of docs/ that follow from the code: docs/errors.md from the table of errors, docs/metrics.md from that of metrics. A test keeps them equal.
import { writeFile } from 'node:fs/promises';
import { errorsPage } from '../dist/src/docs/errors-page.js';
import { metricsPage } from '../dist/src/docs/metrics-page.js';

await writeFile(new URL('../docs/metrics.md', import.meta.url), metricsPage());
await writeFile(new URL('../docs/errors.md', import.meta.url), errorsPage());

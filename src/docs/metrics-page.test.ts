import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsPage } from './metrics-page.js';

it('docs/metrics.md is the table of metrics (run `npm run docs` to make it again)', () => {
  expect(readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')).toBe(metricsPage());
});

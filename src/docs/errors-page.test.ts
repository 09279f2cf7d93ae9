import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorsPage } from './errors-page.js';

it('docs/errors.md is the table of errors (run `npm run docs` to make it again)', () => {
  expect(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage());
});

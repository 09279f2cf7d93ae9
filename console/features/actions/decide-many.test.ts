import { expect, it } from 'vitest';
import { ApiProblem } from '../../api/problem.js';
import { decidedInWords, decideMany } from './decide-many.js';

const problem = (status: number): ApiProblem =>
  new ApiProblem({
    status,
    title: 'Enforcement is stopped for this platform.',
    code: 'enforcement-stopped',
    remedy: '',
  });

it('decides each, and tells of those that the service said no to', async () => {
  const asked: string[] = [];
  const decided = await decideMany(['a', 'b', 'c', 'd'], async (id) => {
    asked.push(id);
    if (id === 'b' || id === 'c') throw problem(409);
  });
  expect(asked).toEqual(['a', 'b', 'c', 'd']);
  expect(decidedInWords(decided, 'approved')).toBe(
    '2 actions were approved. 2 actions were not: Enforcement is stopped for this platform.',
  );
});

it('ends when the service is away or the session over', async () => {
  for (const status of [0, 401]) {
    const asked: string[] = [];
    const all = decideMany(['a', 'b', 'c'], async (id) => {
      asked.push(id);
      if (id === 'b') throw problem(status);
    });
    await expect(all).rejects.toMatchObject({ status });
    expect(asked).toEqual(['a', 'b']);
  }
});

import { expect, test } from 'vitest';
import { ApiProblem, noAnswer } from '../../api/problem.js';
import type { ScanListener } from '../../api/scan.js';
import type { Verdict } from '../../api/types.js';
import { ScanQueue } from './scan-queue.js';

const VERDICT = { verdict: 'no-match' } as Verdict;

/** A queue whose scans end when the test says so. */
function heldQueue(atOnce: number, most: number) {
  const held: { settle: (verdict: Verdict) => void; fail: (thrown: unknown) => void; listener: ScanListener }[] = [];
  const queue = new ScanQueue({
    atOnce,
    most,
    scan: (_bytes, listener, signal) =>
      new Promise((settle, fail) => {
        held.push({ settle, fail, listener });
        signal.addEventListener('abort', () => fail(new DOMException('stopped', 'AbortError')));
      }),
  });
  return { queue, held };
}

const media = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `m${i}`, bytes: new Blob(['x']) }));
const phases = ({ scans }: ScanQueue): string[] => scans.get().map(({ state }) => state.phase);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('runs a few at once, the first come first', async () => {
  const { queue, held } = heldQueue(2, 10);
  expect(queue.add(media(3))).toBe(0);
  expect(phases(queue)).toEqual(['running', 'running', 'waiting']);
  held[0]?.settle(VERDICT);
  await turn();
  expect(phases(queue)).toEqual(['told', 'running', 'running']);
  expect(held).toHaveLength(3);
});

test('has a bound and says how many it left out', () => {
  const { queue } = heldQueue(1, 4);
  expect(queue.add(media(3))).toBe(0);
  expect(queue.add(media(3))).toBe(2);
  expect(queue.scans.get()).toHaveLength(4);
});

test('cancels what runs and waits, and scans it again when asked', async () => {
  const { queue, held } = heldQueue(1, 10);
  queue.add(media(2));
  queue.cancel();
  await turn();
  expect(phases(queue)).toEqual(['cancelled', 'cancelled']);
  const [first] = queue.scans.get();
  queue.again(first?.id ?? 0);
  expect(phases(queue)).toEqual(['running', 'cancelled']);
  held[1]?.settle(VERDICT);
  await turn();
  expect(phases(queue)).toEqual(['told', 'cancelled']);
});

test('cancels one that runs, and the next one begins', async () => {
  const { queue, held } = heldQueue(1, 10);
  queue.add(media(2));
  queue.cancelOne(queue.scans.get()[0]?.id ?? 0);
  await turn();
  expect(phases(queue)).toEqual(['cancelled', 'running']);
  expect(held).toHaveLength(2);
});

test('tells how much was sent in whole percents, and how far it was looked at', () => {
  const { queue, held } = heldQueue(1, 10);
  queue.add([{ name: 'long', bytes: new Blob([new Uint8Array(1_000)]) }]);
  const state = () => queue.scans.get()[0]?.state;
  let changes = 0;
  queue.scans.subscribe(() => changes++);
  for (const sent of [1, 9, 10, 12, 999, 1_000, 1_000]) held[0]?.listener.onSent(sent);
  expect(changes).toBe(3);
  expect(state()).toEqual({ phase: 'running', sent: 1_000 });
  const looked = { pass: 'whole', seconds: 3, length: 60 } as const;
  held[0]?.listener.onProgress(looked);
  expect(state()).toEqual({ phase: 'running', sent: 1_000, looked });
  queue.cancel();
  held[0]?.listener.onProgress(looked);
  expect(state()).toEqual({ phase: 'cancelled' });
});

test('what a scan says after it was cancelled and begun anew does not count', async () => {
  const queue = new ScanQueue({ atOnce: 1, most: 2, scan: () => new Promise((settle) => settles.push(settle)) });
  const settles: ((verdict: Verdict) => void)[] = [];
  queue.add(media(1));
  queue.cancel();
  queue.again(queue.scans.get()[0]?.id ?? 0);
  settles[0]?.({ verdict: 'match' } as Verdict);
  await turn();
  expect(phases(queue)).toEqual(['running']);
  settles[1]?.(VERDICT);
  await turn();
  expect(queue.scans.get()[0]?.state).toEqual({ phase: 'told', verdict: VERDICT });
});

test('a failure is a problem and the next one runs', async () => {
  const { queue, held } = heldQueue(1, 10);
  queue.add(media(2));
  held[0]?.fail(noAnswer());
  await turn();
  const [first, second] = queue.scans.get();
  expect(first?.state).toMatchObject({ phase: 'failed', problem: expect.any(ApiProblem) });
  expect(second?.state.phase).toBe('running');
});

test('forgets one, and everything', async () => {
  const { queue } = heldQueue(1, 10);
  queue.add(media(3));
  queue.remove(queue.scans.get()[0]?.id ?? 0);
  await turn();
  expect(phases(queue)).toEqual(['running', 'waiting']);
  queue.clear();
  expect(queue.scans.get()).toEqual([]);
});

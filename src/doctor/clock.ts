import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from './finding.js';

const LOOK_MS = 300;
/** More than a clock is slewed in that time; a step of it is far more. */
const JUMP_MS = 100;
const SETTLED = Date.UTC(2026, 0, 1);
const OFF_MS = 2_000;
const FAR_OFF_MS = 60_000;
const REMEDY = 'Keep the clock with chrony or systemd-timesyncd: times in the record of events come from it.';

/** Whether the clock goes at the pace of the monotonic one, and stands in our time. */
export async function clock(): Promise<Finding> {
  const what = 'clock';
  const before = [Date.now(), performance.now()] as const;
  await sleep(LOOK_MS);
  const jump = Math.round(Date.now() - before[0] - (performance.now() - before[1]));
  if (Date.now() < SETTLED) return { what, state: 'bad', found: new Date().toISOString(), remedy: REMEDY };
  if (Math.abs(jump) > JUMP_MS) return { what, state: 'bad', found: `it jumped by ${jump} ms`, remedy: REMEDY };
  return { what, state: 'good', found: `${new Date().toISOString()}, goes evenly` };
}

/** The clock of this machine against the database's. @param theirs milliseconds, asked at `asked` and told at `told` */
export function clockAgainst(theirs: number, asked: number, told: number): Finding {
  const what = 'clock: against the database';
  // Where within the round trip it was read is not known.
  const off = Math.max(0, asked - theirs, theirs - told);
  const found = off < OFF_MS ? 'within two seconds' : `${(off / 1_000).toFixed(1)} s apart`;
  if (off < OFF_MS) return { what, state: 'good', found };
  return { what, state: off < FAR_OFF_MS ? 'limited' : 'bad', found, remedy: REMEDY };
}

import { readFileSync } from 'node:fs';

/** What the kernel counts processor time in, of every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** Processor seconds, of user and system, of a process and of those it started and that have ended. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program stands in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
}

export interface Effort {
  /** Processor seconds of all processes that took part. */
  readonly cpu: number;
  /** Milliseconds by the clock. */
  readonly ms: number;
}

/** What some work costs in this process and in those with these ids. */
export async function effortOf(pids: readonly number[], work: () => Promise<unknown>): Promise<Effort> {
  const others = () => pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const [own, theirs, start] = [process.cpuUsage(), others(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(own);
  return { cpu: (user + system) / 1e6 + others() - theirs, ms: performance.now() - start };
}

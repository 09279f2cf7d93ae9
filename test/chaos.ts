/** What tests of bad days share: small disks, kills, and chance that can be had again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How often a test kills what it tests; many times more in `npm run soak`. */
export const KILLS = Number(process.env['VIGIE_SOAK_KILLS'] ?? 6);

/** Mounting a small file system needs root; without it the full disk is tried with injected errors only. */
export const canMount = mounts();

function mounts(): boolean {
  const point = mkdtempSync(join(tmpdir(), 'vigie-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', point], { stdio: 'ignore' });
    execFileSync('umount', [point], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(point);
  }
}

/** Deterministic numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

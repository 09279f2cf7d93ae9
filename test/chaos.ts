/** What tests of bad days share: small disks and kills. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How often a test kills what it tests; many times more in `npm run soak`. */
export const KILLS = Number(process.env['VIGIE_SOAK_KILLS'] ?? 2);

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

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findVideoPrograms, INSTALL_FFMPEG } from '../src/media/video/programs.js';
import { VideoPool } from '../src/media/video/video-pool.js';
import type { Bench, BenchRow } from './harness.js';
import { buildReference } from './reference-core.js';
import { conformanceClips, movingClip } from './video/clips.js';
import { speed } from './video/speed.js';

/** A video is long: fewer rounds than elsewhere tell as much. */
const ROUNDS = 5;
const LIMITS = {
  maxPixels: 1.2e8,
  maxBytes: 2 ** 30,
  memoryBytes: 600 * 2 ** 20,
  timeoutMs: 60_000,
  wallMs: 1_800_000,
};
const MADE = [
  { width: 480, height: 720, seconds: 60, seed: 1 },
  { width: 1_280, height: 720, seconds: 30, seed: 2 },
] as const;
const CONFORMANCE = ['chair-orig-22-sd-bar', 'pattern-longer-no-bar'];

/**
 * Decoding and hashing videos beside a stand-in for the reference; how near the fast hashes are, what is found of edited
 * clips, and what a film of two hours takes. Skipped where ffmpeg is missing.
 */
export const videoBench: Bench = async ({ rounds = ROUNDS, progress }) => {
  const programs = findVideoPrograms();
  if (programs === undefined) {
    progress?.(`video: skipped, ffmpeg is not installed (${INSTALL_FFMPEG})`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-video-'));
  const pool = new VideoPool({ processes: 1, queueLimit: 16, ...LIMITS });
  const rows: BenchRow[] = [];
  try {
    await pool.start();
    const known = conformanceClips();
    if (known.length === 0) progress?.('video: without the conformance clips');
    const core = buildReference(folder);
    if (core === undefined) progress?.('video: no C++ compiler, so no reference to measure against');
    else {
      progress?.('video: making clips');
      const clips = [
        ...known.filter(({ name }) => CONFORMANCE.includes(name)),
        ...MADE.map((wish) => movingClip(programs, folder, wish)),
      ];
      for (const clip of clips) {
        progress?.(`video: speed, ${clip.name}`);
        rows.push(...(await speed(clip, rounds, { pool, programs, core })));
      }
    }
    return rows;
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

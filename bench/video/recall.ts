import { createReadStream, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryPool } from '../../src/index/pdq/memory-pool.js';
import { type EphemeralLists, loadListFile } from '../../src/lists/ephemeral.js';
import type { VideoPrograms } from '../../src/media/video/programs.js';
import { VideoPool, type VideoPoolOptions } from '../../src/media/video/video-pool.js';
import type { VideoFrameSignals } from '../../src/media/video/video-signals.js';
import type { Extent } from '../../src/scan/video/rule.js';
import { VideoMatcher } from '../../src/scan/video/video-matcher.js';
import type { BenchRow } from '../harness.js';
import { type Clip, make } from './clips.js';
import { hashClip } from './speed.js';

/** Clips that show the same thing begin with the same word. */
const familyOf = (name: string): string => name.split('-')[0] ?? name;
/** What is shared; the list holds all. */
const SHARED = [
  'chair-orig-22-sd-bar',
  'pattern-hd-no-bar',
  'pattern-longer-no-bar',
  'doorknob-hd-no-bar',
  'test-padded-dimensions',
];
const CODED = ['-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
/** No more than this of a clip is shared. */
const LONGEST_SECONDS = '10';

/** What happens to a clip before it is shared. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  '25 frames a second': ['-vf', 'fps=25'],
  '24 frames a second': ['-vf', 'fps=24'],
  'half a second later': ['-ss', '0.5'],
  'slower, 0.9': ['-vf', 'setpts=PTS/0.9'],
  'faster, 1.1': ['-vf', 'setpts=PTS/1.1'],
  'half the size': ['-vf', 'scale=trunc(iw/4)*2:trunc(ih/4)*2'],
  'crf 32': ['-crf', '32'],
  mirrored: ['-vf', 'hflip'],
  letterboxed: ['-vf', 'pad=iw:ceil(ih*1.3/2)*2:0:(oh-ih)/2'],
};
const EMBEDDED = '6 s in the middle of another clip';
const CUT_SECONDS = 6;

/** How each way of sampling grades what it is shown. */
interface Grades {
  readonly once: Extent | undefined;
  readonly sampled: Extent | undefined;
  readonly shipped: Extent | undefined;
}
const WAYS = {
  once: 'a sample a second',
  sampled: 'up to five a second',
  shipped: 'as shipped, with a closer look',
} as const satisfies Record<keyof Grades, string>;

interface Tools {
  readonly programs: VideoPrograms;
  readonly pool: VideoPool;
  readonly sparse: VideoPool;
  readonly lists: EphemeralLists;
  readonly memory: MemoryPool;
}

/**
 * What is found of clips that were changed as people change them, against a list of the reference's hashes at one a second:
 * by one sample a second, by the fast sampling, and with the closer look where something was found in part.
 */
export async function recall(
  known: readonly Clip[],
  folder: string,
  programs: VideoPrograms,
  limits: Omit<VideoPoolOptions, 'processes' | 'queueLimit'>,
  progress: ((text: string) => void) | undefined,
): Promise<readonly BenchRow[]> {
  const path = join(folder, 'known.jsonl');
  writeFileSync(path, known.map((clip) => JSON.stringify({ id: clip.name, vpdq: listed(clip) })).join('\n'));
  const lists = await loadListFile(path);
  const pool = new VideoPool({ processes: 1, queueLimit: 4, ...limits });
  const sparse = new VideoPool({ processes: 1, queueLimit: 4, perSecond: 1, ...limits });
  const tools = { programs, pool, sparse, lists, memory: new MemoryPool() };
  try {
    const grades = new Map<string, Grades[]>();
    for (const clip of known.filter(({ name }) => SHARED.includes(name))) {
      progress?.(`video: recall, ${clip.name}`);
      for (const [change, words] of [...Object.entries(CHANGES), [EMBEDDED, undefined] as const]) {
        const query = join(folder, 'query.mp4');
        if (words === undefined) embed(programs, clip, folder, query);
        else make(programs, ['-t', LONGEST_SECONDS, '-i', clip.path, ...words, ...CODED, query]);
        grades.set(change, [...(grades.get(change) ?? []), await gradesOf(query, familyOf(clip.name), tools)]);
        rmSync(query);
      }
    }
    return (Object.keys(WAYS) as (keyof Grades)[]).flatMap((way) => rowsOf(grades, way));
  } finally {
    await Promise.all([pool.close(), sparse.close()]);
    await lists.close();
  }
}

function rowsOf(grades: ReadonlyMap<string, readonly Grades[]>, way: keyof Grades): BenchRow[] {
  const all = [...grades.values()].flat();
  const share = (some: readonly Grades[], extent: Extent) =>
    (some.filter((each) => each[way] === extent).length * 100) / some.length;
  const row = (change: string, some: readonly Grades[]): BenchRow => ({
    what: `${change}, ${WAYS[way]}: full (${share(some, 'partial').toFixed(0)} % partial)`,
    value: share(some, 'full'),
    unit: `% of ${some.length}`,
  });
  return [...[...grades].map(([change, some]) => row(change, some)), row('all', all)];
}

async function gradesOf(path: string, family: string, tools: Tools): Promise<Grades> {
  const { pool, sparse } = tools;
  const once = await hashClip(sparse, path, { mode: 'fast' });
  const matcher = newMatcher(tools);
  let before: number | undefined;
  const frames: VideoFrameSignals[] = [];
  const hashing = pool.hash(createReadStream(path), {
    mode: 'fast',
    closer: async () => {
      before = frames.length;
      return await matcher.closerLook();
    },
  });
  for await (const frame of hashing) {
    frames.push(frame);
    if (await matcher.add(frame)) break;
  }
  return {
    once: await grade(once.frames, family, tools),
    sampled: await grade(frames.slice(0, before), family, tools),
    shipped: await extentOf(matcher, family),
  };
}

async function grade(frames: readonly VideoFrameSignals[], family: string, tools: Tools): Promise<Extent | undefined> {
  const matcher = newMatcher(tools);
  for (const frame of frames) if (await matcher.add(frame)) break;
  return await extentOf(matcher, family);
}

/** @throws Error when something else is found in full */
async function extentOf(matcher: VideoMatcher, family: string): Promise<Extent | undefined> {
  const { matches } = await matcher.finish();
  const wrong = matches.find(({ entry, extent }) => extent === 'full' && familyOf(entry) !== family);
  if (wrong !== undefined) throw new Error(`A clip of ${family} was found to be ${wrong.entry}.`);
  return matches.find(({ entry }) => familyOf(entry) === family)?.extent;
}

function newMatcher({ lists, memory }: Tools): VideoMatcher {
  return new VideoMatcher(lists, { pool: memory, limit: 20, showFingerprints: false });
}

/** The reference's hashes of a clip, one a second. */
function listed({ reference = [], fps }: Clip): readonly string[] {
  const step = Math.max(1, Math.trunc(fps));
  return reference
    .filter(([frame]) => frame % step === 0)
    .map(([frame, quality, hash]) => `${hash},${quality},${(frame / fps).toFixed(3)}`);
}

/** Puts some seconds of a clip between generated ones that nobody knows. */
function embed(programs: VideoPrograms, { path, width, height, fps }: Clip, folder: string, query: string): void {
  const cut = join(folder, 'cut.mp4');
  make(programs, ['-ss', '1', '-t', String(CUT_SECONDS), '-i', path, ...CODED, cut]);
  const other = ['-f', 'lavfi', '-t', '4', '-i', `mandelbrot=s=${width}x${height}:r=${fps}:start_scale=0.4`];
  const more = ['-f', 'lavfi', '-t', '4', '-i', `testsrc2=s=${width}x${height}:r=${fps}`];
  const same = `setsar=1,fps=${fps},format=yuv420p`;
  const joined = `[0:v]${same}[a];[1:v]${same}[b];[2:v]${same}[c];[a][b][c]concat=n=3`;
  make(programs, [...other, '-i', cut, ...more, '-filter_complex', joined, ...CODED, query]);
  rmSync(cut);
}

import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { DEFAULTS } from '../../config.js';
import { VigieError } from '../../errors.js';
import { MINIMUM_QUALITY } from '../../media/media-signals.js';
import { MediaPool } from '../../media/pool.js';
import { viewsOf } from '../../scan/views.js';
import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { interrupted } from '../interrupt.js';
import { writeLine } from '../output.js';
import { readFile } from '../read-file.js';

interface Flags {
  readonly type?: SignalTypeName;
  readonly format: 'text' | 'json';
}

interface Comparison {
  readonly signal: SignalTypeName;
  readonly distance: number;
  readonly match: boolean;
  /** For files: which way of looking at the first comes nearest to the second. */
  readonly view?: string;
  readonly quality?: readonly [number, number];
}

const EXIT_UNTOLD = 2;

export function compareCommand(): Command {
  return new Command('compare')
    .summary('how far two signals or two pictures are apart')
    .description('Compares two values of one signal type, or two picture files (in all views of the first).')
    .argument('<a>', 'a file, or a value')
    .argument('<b>', 'a file, or a value')
    .addOption(new Option('--type <name>', 'signal type of the values').choices([...SIGNAL_TYPE_NAMES]))
    .addOption(new Option('--format <name>', 'how to write').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExit code: 0 when they match, 1 when they do not, 2 when it cannot be told.')
    .action(async (a: string, b: string, flags: Flags) => {
      process.exitCode = EXIT_UNTOLD;
      const files = flags.type === undefined ? [await isFile(a), await isFile(b)] : [];
      const both = files.every(Boolean) && files.length > 0;
      // The other one is not named: it may be a value.
      if (!both && files.includes(true)) throw new VigieError('usage', { detail: 'one is a file, the other is not' });
      const result = both ? await compareFiles(a, b) : compareValues(a, b, flags.type);
      if (flags.format === 'json') await writeLine(JSON.stringify(result));
      else await writeLine(inWords(result));
      process.exitCode = result.match ? 0 : 1;
    });
}

function compareValues(a: string, b: string, name: SignalTypeName | undefined): Comparison {
  const signal = name ?? SIGNAL_TYPE_NAMES.find((each) => signalType(each).bytes * 2 === a.trim().length);
  if (signal === undefined) throw new VigieError('usage', { detail: 'name the signal type with --type' });
  // SHA-256 and PDQ look alike; PDQ is the one that two values are compared for.
  const type = signalType(name === undefined && signal === 'sha256' ? 'pdq' : signal);
  const distance = type.distance(type.parse(a), type.parse(b));
  return { signal: type.name, distance, match: distance <= type.defaultThreshold };
}

async function compareFiles(a: string, b: string): Promise<Comparison> {
  const signal = interrupted();
  const pool = new MediaPool(DEFAULTS.decoders);
  try {
    const hash = async (path: string) => {
      const medium = await readFile({ path, file: path }, DEFAULTS.limits.mediaBytes, signal);
      return { medium, media: await pool.hash(medium.bytes, { mode: 'faithful', signal }) };
    };
    const [first, second] = await Promise.all([hash(a), hash(b)]);
    if (Buffer.compare(first.medium.digests.sha256, second.medium.digests.sha256) === 0) {
      return { signal: 'sha256', distance: 0, match: true };
    }
    const target = second.media.hashes.find(({ area }) => area === 'full');
    if (target === undefined) throw new VigieError('media-damaged', { detail: 'the second file has no PDQ hash' });
    const type = signalType('pdq');
    const goal = target.pdq.subarray(0, type.bytes);
    let best: Comparison | undefined;
    for (const { name, pdq, quality } of viewsOf(first.media.hashes)) {
      const distance = type.distance(pdq, goal);
      if (best !== undefined && best.distance <= distance) continue;
      const match = distance <= type.defaultThreshold && Math.min(quality, target.quality) >= MINIMUM_QUALITY;
      best = { signal: 'pdq', distance, match, view: name, quality: [quality, target.quality] };
    }
    if (best === undefined) throw new VigieError('media-damaged', { detail: 'the first file has no usable PDQ hash' });
    return best;
  } finally {
    await pool.close();
  }
}

function inWords({ signal, distance, match, view, quality }: Comparison): string {
  const looked = view === undefined || view === 'as-is' ? '' : `, first one ${view}`;
  const qualities = quality === undefined ? '' : `, qualities ${quality.join(' and ')}`;
  return `${match ? 'match' : 'no match'}: ${signal} distance ${distance}${looked}${qualities}`;
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => !info.isDirectory(),
    () => false,
  );
}

import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { DEFAULTS } from '../../config.js';
import { VigieError } from '../../errors.js';
import { MediaPool } from '../../media/pool.js';
import { VideoPool } from '../../media/video/video-pool.js';
import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { compareOperands } from '../comparing/compare-operands.js';
import type { Comparison, ValueComparison } from '../comparing/comparison.js';
import { comparisonInWords } from '../comparing/in-words.js';
import { type Operand, readOperand } from '../comparing/operand.js';
import { interrupted } from '../interrupt.js';
import { everyOption } from '../options.js';
import { clearStatus, writeLine } from '../output.js';

interface Flags {
  readonly type?: SignalTypeName;
  readonly every: number;
  readonly tmk?: true;
  readonly format: 'text' | 'json';
}

const EXIT_UNTOLD = 2;

export function compareCommand(): Command {
  return new Command('compare')
    .summary('how far two signals, pictures or videos are apart')
    .description(
      'Compares two values of one signal type, or two files: pictures (in all views of the first), videos, a picture with\n' +
        'the frames of a video, files of vPDQ hashes, .tmk files.',
    )
    .argument('<a>', 'a file, or a value')
    .argument('<b>', 'a file, or a value')
    .addOption(new Option('--type <name>', 'signal type of the values').choices([...SIGNAL_TYPE_NAMES]))
    .addOption(everyOption())
    .option('--tmk', 'compare videos by TMK+PDQF')
    .addOption(new Option('--format <name>', 'how to write').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Videos match by the rule by which a scan decides, with the first as what is scanned and the second as what is known:
in full when it acts on it, partially when people are to look. Beside it stands what the two reference programs of vPDQ
make of them.

Exit code: 0 when they match, if only partially, 1 when they do not, 2 when it cannot be told.

Examples:
  vigie compare a.jpg b.png
  vigie compare cut.mp4 known.mp4
  vigie compare still.jpg known.mp4
  vigie compare cut.mp4 known.txt            hashes that \`vigie hash --vpdq\` has written
  vigie compare --tmk cut.mp4 known.tmk`,
    )
    .action(async (a: string, b: string, flags: Flags) => {
      process.exitCode = EXIT_UNTOLD;
      const files = flags.type === undefined ? [await isFile(a), await isFile(b)] : [];
      const both = files.every(Boolean) && files.length > 0;
      // The other one is not named: it may be a value.
      if (!both && files.includes(true)) throw new VigieError('usage', { detail: 'one is a file, the other is not' });
      const result = both ? await compareFiles(a, b, flags) : compareValues(a, b, flags.type);
      if (flags.format === 'json') await writeLine(JSON.stringify(result));
      else await writeLine(comparisonInWords(result));
      process.exitCode = result.match ? 0 : result.untold === undefined ? 1 : EXIT_UNTOLD;
    });
}

function compareValues(a: string, b: string, name: SignalTypeName | undefined): ValueComparison {
  const signal = name ?? SIGNAL_TYPE_NAMES.find((each) => signalType(each).bytes * 2 === a.trim().length);
  if (signal === undefined) throw new VigieError('usage', { detail: 'name the signal type with --type' });
  // SHA-256 and PDQ look alike; PDQ is the one that two values are compared for.
  const type = signalType(name === undefined && signal === 'sha256' ? 'pdq' : signal);
  const distance = type.distance(type.parse(a), type.parse(b));
  return { signal: type.name, distance, match: distance <= type.defaultThreshold };
}

async function compareFiles(a: string, b: string, { every, tmk }: Flags): Promise<Comparison> {
  const ending = new AbortController();
  const signal = AbortSignal.any([interrupted(), ending.signal]);
  const { decoders, videos: videoConfig, limits } = DEFAULTS;
  const pool = new MediaPool(decoders);
  const videos = new VideoPool({ ...videoConfig, maxBytes: limits.videoBytes });
  const tools = { pool, videos, maximumBytes: limits.mediaBytes, secondsPerHash: every / 1_000, signal };
  try {
    const byTmk = tmk === true;
    // Beside such a file a video is of use only by its own.
    const wanted = byTmk || [a, b].some((path) => path.toLowerCase().endsWith('.tmk'));
    const both = [a, b].map(async (path) => await readOperand(path, { ...tools, tmk: wanted }));
    const [first, second] = (await Promise.all(both)) as [Operand, Operand];
    clearStatus();
    return await compareOperands(first, second, { byTmk, signal });
  } finally {
    // When one of them failed, nobody waits for the other.
    ending.abort();
    await Promise.all([pool.close(), videos.close()]);
  }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => !info.isDirectory(),
    () => false,
  );
}

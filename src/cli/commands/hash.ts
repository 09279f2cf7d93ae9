import { Command, Option } from 'commander';
import { MediaPool } from '../../media/pool.js';
import { VideoPool } from '../../media/video/video-pool.js';
import { inOrder } from '../../runtime/in-order.js';
import { formatTmk } from '../../signals/tmk/tmk-file.js';
import { MAX_VPDQ_FRAMES } from '../../signals/vpdq/vpdq-frame.js';
import { formatVpdqFile } from '../../signals/vpdq/vpdq-text.js';
import { type HashTools, hashFile } from '../hashing/hash-file.js';
import type { Hashed, HashLine } from '../hashing/hash-line.js';
import { HASH_WRITERS } from '../hashing/hash-writers.js';
import { VideoFiles } from '../hashing/video-files.js';
import { interrupted } from '../interrupt.js';
import { type DecoderFlags, decoderConfig, decoderOptions, everyOption } from '../options.js';
import { printable, remark, showStatus } from '../output.js';
import { type Found, walk } from '../walk.js';

interface Flags extends DecoderFlags {
  readonly format: 'table' | 'jsonl' | 'csv';
  readonly faithful?: true;
  readonly every: number;
  readonly vpdq?: string;
  readonly tmk?: string;
}

/** Something could not be hashed as a whole. */
const EXIT_FAILED = 1;

export function hashCommand(): Command {
  const command = new Command('hash')
    .summary('hash pictures and videos: MD5, SHA-1, SHA-256, PDQ, vPDQ, TMK')
    .description(
      'Hashes files, and folders with all that is in them. Needs no service and no network, so that a hotline can hash a\n' +
        'corpus on a machine that has none. `-` reads one medium from standard input. Videos are always hashed as the\n' +
        'reference implementation of vPDQ does it; one that is cut short as far as it goes.\n' +
        'Exit code 1: some of it could not be hashed, or not all of it; its line says why.',
    )
    .argument('<path...>', 'files, folders, or -')
    .addOption(new Option('--format <name>', 'how to write').choices(['table', 'jsonl', 'csv']).default('table'))
    .option('--faithful', 'hash every pixel of pictures, for hashes that are published or stored in a list')
    .addOption(everyOption())
    .option('--vpdq <dir>', 'write the vPDQ hashes of each video into a file of this folder too, named by the video')
    .option('--tmk <dir>', 'the same with TMK+PDQF, for which videos are decoded twice')
    .addHelpText(
      'after',
      `
Examples:
  vigie hash photo.jpg clip.mp4
  vigie hash --faithful --format csv corpus/ > list.csv     a list that \`vigie list import\` takes
  vigie hash --format jsonl clips/ > list.jsonl             so is this; --map path=id names its entries by their files
  vigie hash --vpdq hashes/ --tmk hashes/ clips/            clip.txt and clip.tmk for each clip.mp4
  vigie hash --format jsonl a.png b.heic | jq .pdq`,
    );
  for (const option of decoderOptions()) command.addOption(option);
  return command.action(run);
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  const { decoders, videos: videoConfig, limits } = decoderConfig(flags);
  const signal = interrupted();
  const files = {
    vpdq: flags.vpdq === undefined ? undefined : await VideoFiles.in(flags.vpdq, '.txt'),
    tmk: flags.tmk === undefined ? undefined : await VideoFiles.in(flags.tmk, '.tmk'),
  };
  const pool = new MediaPool(decoders);
  const videos = new VideoPool({ ...videoConfig, maxBytes: limits.videoBytes });
  const tools: HashTools = {
    pool,
    videos,
    mode: flags.faithful ? 'faithful' : 'fast',
    maximumBytes: limits.mediaBytes,
    secondsPerHash: flags.every / 1_000,
    tmk: files.tmk !== undefined,
    signal,
  };
  const show = HASH_WRITERS[flags.format]();
  try {
    const hash = async (found: Found) => await hashFile(found, tools);
    let done = 0;
    for await (const hashed of inOrder(walk(paths), decoders.processes * 2, hash)) {
      await writeFiles(hashed, files);
      await show(hashed.line);
      if (hasFailed(hashed.line)) process.exitCode = EXIT_FAILED;
      done++;
      if (process.stdout.isTTY !== true) showStatus(`${done.toLocaleString('en')} hashed`);
    }
  } finally {
    await Promise.all([pool.close(), videos.close()]);
  }
}

/** Sound alone is nothing that could be hashed, as little as a text is. */
function hasFailed({ error }: HashLine): boolean {
  return error !== undefined && error.code !== 'media-no-video';
}

/** In the order of the lines, so that names do not depend on which video was done first. */
async function writeFiles(
  { line, frames, tmk }: Hashed,
  files: { readonly vpdq: VideoFiles | undefined; readonly tmk: VideoFiles | undefined },
): Promise<void> {
  if (frames.length > 0) await files.vpdq?.write(line.path, formatVpdqFile(frames));
  if (tmk !== undefined) await files.tmk?.write(line.path, formatTmk(tmk));
  if (frames.length > MAX_VPDQ_FRAMES) {
    const [count, most] = [frames.length, MAX_VPDQ_FRAMES].map((each) => each.toLocaleString('en'));
    remark(`${printable(line.path)}: ${count} frames; an entry of a list takes ${most}. Hash fewer with --every.`);
  }
}

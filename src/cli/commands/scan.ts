import { type FileHandle, open } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { loadListFile } from '../../lists/ephemeral.js';
import { createPhotoDnaHasher } from '../../media/photodna-hasher.js';
import { MediaPool } from '../../media/pool.js';
import { VideoPool } from '../../media/video/video-pool.js';
import { inOrder } from '../../runtime/in-order.js';
import { Scanner } from '../../scan/scanner.js';
import { type Match, roundedMs, type Verdict } from '../../scan/verdict.js';
import { interrupted, ReaderGone } from '../interrupt.js';
import { matchInShort } from '../match-in-short.js';
import {
  collect,
  type DecoderFlags,
  dataOption,
  decoderConfig,
  decoderOptions,
  type PhotoDnaFlags,
  photodnaConfig,
  photodnaOptions,
  whole,
} from '../options.js';
import { clearStatus, clock, colour, cut, printable, RowWriter, remark, showStatus, writeLine } from '../output.js';
import { readPieces } from '../read-pieces.js';
import { scanTextFile, type TextLine } from '../scan-texts.js';
import { type ServiceBody, ServiceClient } from '../service-client.js';
import { type Found, unreadable, walk } from '../walk.js';
import { socketPathFor } from '../with-service.js';

/** One line of `vigie scan --format jsonl`. */
interface ScanLine {
  readonly path: string;
  /** Id of the verdict, as webhooks and events name it; only through a service, which keeps it. */
  readonly scan?: string;
  readonly verdict: Verdict['verdict'];
  readonly reason: Verdict['reason'];
  readonly matches: readonly ToldMatch[];
  /** What was found and makes no match: of lists that are tried out, and what known good overrules. */
  readonly withoutEffect?: readonly (ToldMatch & Pick<Match, 'shadow' | 'overruledBy'>)[];
  readonly ms: Readonly<Record<string, number>>;
}

type ToldMatch = Pick<
  Match,
  'list' | 'entry' | 'grade' | 'signal' | 'distance' | 'view' | 'extent' | 'across' | 'video'
>;

interface Flags extends DecoderFlags, PhotoDnaFlags {
  readonly text?: boolean;
  readonly list?: readonly string[];
  readonly data: string;
  readonly format: 'table' | 'jsonl';
  readonly threshold?: number;
}

const EXIT = { 'no-match': 0, match: 10, 'could-not-tell': 20 } as const;

export function scanCommand(): Command {
  const command = new Command('scan')
    .summary('scan pictures, videos and folders; the exit code tells')
    .description(
      'Gives one verdict a file: match, no-match or could-not-tell. With --list it needs no service; without, it asks the\n' +
        'service that runs on the data directory. `-` reads one medium from standard input.',
    )
    .argument('<path...>', 'files, folders, or -')
    .option('--text', 'the files are texts: look for listed addresses and keywords in them')
    .option('--list <file>', 'scan against this list file; may be given several times', collect)
    .addOption(dataOption())
    .addOption(new Option('--format <name>', 'how to write').choices(['table', 'jsonl']).default('table'))
    .addOption(new Option('--threshold <bits>', 'greatest PDQ distance that counts').argParser(whole(0, 128)))
    .addHelpText(
      'after',
      `
A video is matched while it is read, and the first match ends the work. "partly" is for people to look at: a part of a
known video that is too short to act on, a single frame, a picture that is seen for a moment.

Exit code: 0 none matched, 10 some matched, 20 some could not be told (20 wins).

Examples:
  vigie scan --list list.csv photo.jpg clip.mp4
  vigie scan --list list.csv --format jsonl uploads/ | jq 'select(.verdict != "no-match")'
  curl -s https://… | vigie scan -
  vigie scan --text message.txt`,
    );
  for (const option of [...decoderOptions(), ...photodnaOptions()]) command.addOption(option);
  return command.action(run);
}

async function run(paths: readonly string[], flags: Flags, command: Command): Promise<void> {
  const signal = interrupted();
  if (flags.text === true) return await runTexts(paths, flags, signal);
  const scanning = flags.list === undefined ? await throughService(flags, command, signal) : await alone(flags, signal);
  const counts = { match: 0, 'no-match': 0, 'could-not-tell': 0 };
  const inWords = () =>
    `${(counts.match + counts['no-match'] + counts['could-not-tell']).toLocaleString('en')} scanned: ` +
    `${counts.match} match, ${counts['no-match']} no-match, ${counts['could-not-tell']} could-not-tell`;
  const rows = new RowWriter(COLUMNS);
  let worst = 0;
  try {
    for await (const line of inOrder(walk(paths), scanning.concurrency, (found) => scanOne(found, scanning, signal))) {
      worst = Math.max(worst, EXIT[line.verdict]);
      counts[line.verdict]++;
      if (flags.format === 'jsonl') await writeLine(JSON.stringify(line));
      else await rows.write(tableRow(line));
      if (process.stdout.isTTY !== true) showStatus(inWords());
    }
    clearStatus();
    if (flags.format === 'table') await writeLine(inWords());
  } catch (error) {
    // Nobody read the rest, so nothing is known of it.
    if (error instanceof ReaderGone) process.exitCode = EXIT['could-not-tell'];
    throw error;
  } finally {
    await scanning.close();
  }
  process.exitCode = worst;
}

/** Texts go to the service: its lists of URLs and keywords are the ones that count. */
async function runTexts(paths: readonly string[], flags: Flags, signal: AbortSignal): Promise<void> {
  if (flags.list !== undefined)
    throw new VigieError('usage', { detail: '--text asks the service, which has its own lists' });
  const service = new ServiceClient(await socketPathFor(flags.data));
  const rows = new RowWriter(COLUMNS);
  let worst = 0;
  const one = async (found: Found): Promise<TextLine> => {
    try {
      if (found.error !== undefined) throw found.error;
      return await scanTextFile(service, found, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const error = VigieError.from(cause);
      if (FATAL.has(error.code)) throw error;
      return {
        path: found.path,
        scans: [],
        verdict: 'could-not-tell',
        reason: error.code,
        links: [],
        review: [],
        ms: 0,
      };
    }
  };
  try {
    for await (const line of inOrder(walk(paths), TEXTS_AT_ONCE, one)) {
      worst = Math.max(worst, EXIT[line.verdict]);
      if (flags.format === 'jsonl') await writeLine(JSON.stringify(line));
      else await rows.write(textRow(line));
    }
  } finally {
    await service.close();
  }
  process.exitCode = worst;
}

const TEXTS_AT_ONCE = 4;

function textRow({ path, verdict, reason, links, review, ms }: TextLine): string[] {
  const found = [
    ...links.map(({ list, entry }) => `${list} ${entry}`),
    ...review.map(({ list, entry }) => `for review: ${list} ${entry}`),
  ];
  const more = found.length > 1 ? ` +${found.length - 1} more` : '';
  const why = `${cut(printable(found[0] ?? reason ?? ''), WHY_WIDTH - more.length)}${more}`;
  return [IN_COLOUR[verdict](verdict), ms.toFixed(1), why, printable(path)];
}

interface Scanning {
  readonly concurrency: number;
  scan(found: Found): Promise<Omit<ScanLine, 'path'>>;
  close(): Promise<void>;
}

async function scanOne(found: Found, scanning: Scanning, signal: AbortSignal): Promise<ScanLine> {
  const { path } = found;
  try {
    if (found.error !== undefined) throw found.error;
    return { path, ...(await scanning.scan(found)) };
  } catch (cause) {
    signal.throwIfAborted();
    const error = VigieError.from(cause);
    if (FATAL.has(error.code)) throw error;
    return { path, verdict: 'could-not-tell', reason: error.code, matches: [], ms: {} };
  }
}

/** What is wrong with the whole run, and not with one file. */
const FATAL = new Set([
  'service-not-running',
  'service-lost',
  'index-not-loaded',
  'index-stale',
  'shutting-down',
  'request-invalid',
]);

async function alone(flags: Flags, signal: AbortSignal): Promise<Scanning> {
  const { decoders, videos: videoConfig, limits } = decoderConfig(flags);
  const photodna = photodnaConfig(flags);
  const lists = await loadListFile(flags.list ?? [], {
    photodna,
    signal,
    onReport: remark,
    onProgress: ({ records }) => showStatus(`Reading the list: ${records.toLocaleString('en')} records`),
  });
  clearStatus();
  const pool = new MediaPool(decoders);
  const videos = new VideoPool({ ...videoConfig, maxBytes: limits.videoBytes });
  const hasher = createPhotoDnaHasher(photodna.hasher);
  const scanner = new Scanner({
    lists,
    pool,
    ...(hasher === undefined ? {} : { photodna: hasher }),
    videos,
    maximumBytes: limits.mediaBytes,
    maximumVideoBytes: limits.videoBytes,
    cacheBytes: limits.cacheBytes,
  });
  return {
    concurrency: decoders.processes * 2,
    scan: async (found) => {
      const verdict = await scanner.scan(readPieces(found, signal), {
        signal,
        onProgress: (seconds) => showStatus(`${clock(seconds)} looked at: ${printable(found.path)}`),
        ...(flags.threshold === undefined ? {} : { threshold: flags.threshold }),
      });
      return pick(verdict);
    },
    close: async () => {
      await Promise.all([pool.close(), videos.close()]);
      await lists.close();
    },
  };
}

async function throughService(flags: Flags, command: Command, signal: AbortSignal): Promise<Scanning> {
  const foreign = LIST_ONLY.find((name) => command.getOptionValueSource(name) === 'cli');
  if (foreign !== undefined) {
    throw new VigieError('usage', {
      detail: `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} goes with --list; the service has its own`,
    });
  }
  const client = new ServiceClient(await socketPathFor(flags.data));
  const query = flags.threshold === undefined ? '' : `?threshold=${flags.threshold}`;
  const send = async (body: ServiceBody) => {
    const headers = { 'content-type': 'application/octet-stream' };
    return pick(await client.call<Verdict & { scan: string }>('POST', `/v1/scan${query}`, { body, headers, signal }));
  };
  return {
    concurrency: 4,
    scan: async ({ path, file }) => {
      if (path === '-') return await send(process.stdin);
      let handle: FileHandle | undefined;
      try {
        handle = await open(file);
        return await send(handle.createReadStream({ autoClose: false, highWaterMark: 2 ** 18 }));
      } catch (cause) {
        signal.throwIfAborted();
        throw cause instanceof VigieError ? cause : unreadable(cause);
      } finally {
        await handle?.close();
      }
    },
    close: () => client.close(),
  };
}

/** Said on the command line, these would have no effect on a running service. */
const LIST_ONLY = [...decoderOptions(), ...photodnaOptions()].map((option) => option.attributeName());

function pick(told: Verdict & { readonly scan?: string }): Omit<ScanLine, 'path'> {
  const { scan, verdict, reason, matches, withoutEffect, ms } = told;
  return {
    ...(scan === undefined ? {} : { scan }),
    verdict,
    reason,
    matches: matches.map(pickMatch),
    ...(withoutEffect.length > 0 && {
      withoutEffect: withoutEffect.map(({ shadow, overruledBy, ...match }) => ({
        ...pickMatch(match),
        ...(shadow === undefined ? {} : { shadow }),
        ...(overruledBy === undefined ? {} : { overruledBy }),
      })),
    }),
    ms: roundedMs(ms),
  };
}

function pickMatch({ list, entry, grade, signal, distance, view, extent, across, video }: ToldMatch): ToldMatch {
  return {
    ...{ list, entry, grade, signal, distance, view, extent, across },
    ...(video === undefined ? {} : { video }),
  };
}

const IN_COLOUR = { match: colour.red, 'no-match': colour.green, 'could-not-tell': colour.yellow } as const;

/** Long ids are cut, so that the files stay below each other; `--format jsonl` has all of it. */
const WHY_WIDTH = 56;

const COLUMNS = [
  { title: 'verdict', width: 14 },
  { title: 'ms', width: 8, right: true },
  { title: 'why', width: WHY_WIDTH },
  { title: 'file', width: 0 },
] as const;

function tableRow({ path, verdict, reason, matches, withoutEffect = [], ms }: ScanLine): string[] {
  const [first, ...others] = matches;
  const more = others.length > 0 ? ` +${others.length} more` : '';
  const why =
    first === undefined
      ? [reason ?? '', ...asideInShort(withoutEffect)].join('; ')
      : `${cut(printable(matchInShort(first)), WHY_WIDTH - more.length)}${more}`;
  return [IN_COLOUR[verdict](verdict), (ms['total'] ?? 0).toFixed(1), why, printable(path)];
}

/** What was found and makes no match, by list. */
function asideInShort(aside: NonNullable<ScanLine['withoutEffect']>): string[] {
  const shadow = new Set(aside.flatMap(({ list, shadow: tried }) => (tried === true ? [printable(list)] : [])));
  const good = new Set(aside.flatMap(({ overruledBy }) => (overruledBy === undefined ? [] : [overruledBy.list])));
  return [
    ...(shadow.size > 0 ? [`in shadow: ${[...shadow].join(', ')}`] : []),
    ...(good.size > 0 ? [`overruled by ${[...good].map(printable).join(', ')}`] : []),
  ];
}

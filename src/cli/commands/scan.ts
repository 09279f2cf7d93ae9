import { openAsBlob } from 'node:fs';
import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { loadListFile } from '../../lists/ephemeral.js';
import { createPhotoDnaHasher } from '../../media/photodna-hasher.js';
import { MediaPool } from '../../media/pool.js';
import { inOrder } from '../../runtime/in-order.js';
import { Scanner } from '../../scan/scanner.js';
import type { Match, Verdict } from '../../scan/verdict.js';
import { interrupted } from '../interrupt.js';
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
import { colour, remark, table, writeLine } from '../output.js';
import { ServiceClient } from '../service-client.js';
import { type Found, unreadable, walk } from '../walk.js';
import { socketPathFor } from '../with-service.js';
import { readFile } from './hash.js';

/** One line of `vigie scan --format jsonl`. */
interface ScanLine {
  readonly path: string;
  readonly verdict: Verdict['verdict'];
  readonly reason: Verdict['reason'];
  readonly matches: readonly Pick<Match, 'list' | 'entry' | 'grade' | 'signal' | 'distance' | 'view'>[];
  readonly ms: Readonly<Record<string, number>>;
}

interface Flags extends DecoderFlags, PhotoDnaFlags {
  readonly list?: readonly string[];
  readonly data: string;
  readonly format: 'table' | 'jsonl';
  readonly threshold?: number;
}

const EXIT = { 'no-match': 0, match: 10, 'could-not-tell': 20 } as const;

export function scanCommand(): Command {
  const command = new Command('scan')
    .summary('scan files and folders; the exit code tells')
    .description(
      'Gives one verdict a file: match, no-match or could-not-tell. With --list it needs no service; without, it asks the\n' +
        'service that runs on the data directory. `-` reads one medium from standard input.',
    )
    .argument('<path...>', 'files, folders, or -')
    .option('--list <file>', 'scan against this list file; may be given several times', collect)
    .addOption(dataOption())
    .addOption(new Option('--format <name>', 'how to write').choices(['table', 'jsonl']).default('table'))
    .addOption(new Option('--threshold <bits>', 'greatest PDQ distance that counts').argParser(whole(0, 128)))
    .addHelpText(
      'after',
      `
Exit code: 0 none matched, 10 some matched, 20 some could not be told (20 wins).

Examples:
  vigie scan --list list.csv photo.jpg
  vigie scan --list list.csv --format jsonl uploads/ | jq 'select(.verdict != "no-match")'
  curl -s https://… | vigie scan -`,
    );
  for (const option of [...decoderOptions(), ...photodnaOptions()]) command.addOption(option);
  return command.action(run);
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  const signal = interrupted();
  const lines: ScanLine[] = [];
  let worst = 0;
  const scanning = flags.list === undefined ? await throughService(flags, signal) : await alone(flags, signal);
  try {
    for await (const line of inOrder(walk(paths), scanning.concurrency, (found) => scanOne(found, scanning, signal))) {
      worst = Math.max(worst, EXIT[line.verdict]);
      if (flags.format === 'jsonl') await writeLine(JSON.stringify(line));
      else lines.push(line);
    }
    if (flags.format === 'table') await writeLine(asTable(lines));
  } finally {
    await scanning.close();
  }
  process.exitCode = worst;
}

interface Scanning {
  readonly concurrency: number;
  scan(path: string): Promise<Omit<ScanLine, 'path'>>;
  close(): Promise<void>;
}

async function scanOne({ path, error }: Found, scanning: Scanning, signal: AbortSignal): Promise<ScanLine> {
  const untold = (cause: VigieError): ScanLine => ({
    path,
    verdict: 'could-not-tell',
    reason: cause.code,
    matches: [],
    ms: {},
  });
  if (error !== undefined) return untold(error);
  try {
    return { path, ...(await scanning.scan(path)) };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof VigieError) {
      if (FATAL.has(cause.code)) throw cause;
      return untold(cause);
    }
    return untold(unreadable(cause));
  }
}

/** What is wrong with the whole run, and not with one file. */
const FATAL = new Set(['service-not-running', 'index-not-loaded', 'shutting-down', 'request-invalid']);

async function alone(flags: Flags, signal: AbortSignal): Promise<Scanning> {
  const { decoders, limits } = decoderConfig(flags);
  const photodna = photodnaConfig(flags);
  const lists = await loadListFile(flags.list ?? [], { photodna, signal, onReport: remark });
  const pool = new MediaPool(decoders);
  const hasher = createPhotoDnaHasher(photodna.hasher);
  const scanner = new Scanner({
    lists,
    pool,
    ...(hasher === undefined ? {} : { photodna: hasher }),
    maximumBytes: limits.mediaBytes,
    cacheBytes: limits.cacheBytes,
  });
  return {
    concurrency: decoders.processes * 2,
    scan: async (path) => {
      const { bytes, ms } = await readFile(path, limits.mediaBytes, signal);
      const verdict = await scanner.scan(bytes, {
        signal,
        ...(flags.threshold === undefined ? {} : { threshold: flags.threshold }),
      });
      return pick({ ...verdict, ms: { ...verdict.ms, read: ms + (verdict.ms['read'] ?? 0) } });
    },
    close: async () => {
      await pool.close();
      await lists.close();
    },
  };
}

async function throughService(flags: Flags, signal: AbortSignal): Promise<Scanning> {
  const client = new ServiceClient(await socketPathFor(flags.data));
  const query = flags.threshold === undefined ? '' : `?threshold=${flags.threshold}`;
  return {
    concurrency: 4,
    scan: async (path) => {
      const body = path === '-' ? process.stdin : (await openAsBlob(path)).stream();
      const response = await client.request('POST', `/v1/scan${query}`, {
        body: body as unknown as NodeJS.ReadableStream as never,
        headers: { 'content-type': 'application/octet-stream' },
        signal,
      });
      return pick((await response.body.json()) as Verdict);
    },
    close: () => client.close(),
  };
}

function pick({ verdict, reason, matches, ms }: Verdict): Omit<ScanLine, 'path'> {
  const rounded = Object.fromEntries(Object.entries(ms).map(([stage, each]) => [stage, Number(each.toFixed(3))]));
  return {
    verdict,
    reason,
    matches: matches.map(({ list, entry, grade, signal, distance, view }) => ({
      list,
      entry,
      grade,
      signal,
      distance,
      view,
    })),
    ms: rounded,
  };
}

const IN_COLOUR = { match: colour.red, 'no-match': colour.green, 'could-not-tell': colour.yellow } as const;

function asTable(lines: readonly ScanLine[]): string {
  const rows = lines.map(({ path, verdict, reason, matches, ms }) => {
    const [first] = matches;
    const why =
      first === undefined
        ? (reason ?? '')
        : `${first.list}/${first.entry}${first.grade === null ? '' : ` (${first.grade})`} by ${first.signal} at ${first.distance}, ${first.view}`;
    const more = matches.length > 1 ? ` and ${matches.length - 1} more` : '';
    return [path, IN_COLOUR[verdict](verdict), why + more, (ms['total'] ?? 0).toFixed(1)];
  });
  const count = (word: ScanLine['verdict']) => lines.filter(({ verdict }) => verdict === word).length;
  const summary = `${lines.length} scanned: ${count('match')} match, ${count('no-match')} no-match, ${count('could-not-tell')} could-not-tell`;
  return `${table(['file', 'verdict', 'why', 'ms'], rows)}\n${summary}`;
}

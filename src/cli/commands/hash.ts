import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import type { HashMode } from '../../media/media-signals.js';
import { MediaPool } from '../../media/pool.js';
import { inOrder } from '../../runtime/in-order.js';
import type { ReadMedium } from '../../scan/read-medium.js';
import { DIHEDRAL_NAMES } from '../../signals/pdq/dihedral.js';
import { signalType } from '../../signals/signal-types.js';
import { interrupted } from '../interrupt.js';
import { type DecoderFlags, decoderConfig, decoderOptions } from '../options.js';
import { printable, RowWriter, showStatus, writeLine } from '../output.js';
import { readFile } from '../read-file.js';
import { type Found, walk } from '../walk.js';

const PDQ_BYTES = 32;

/** One line of `vigie hash --format jsonl`; absent keys are left out. */
interface HashLine {
  readonly path: string;
  readonly bytes?: number;
  readonly kind?: string;
  readonly format?: string;
  readonly width?: number;
  readonly height?: number;
  readonly md5?: string;
  readonly sha1?: string;
  readonly sha256?: string;
  readonly pdq?: string;
  readonly quality?: number;
  readonly dihedral?: Readonly<Record<string, string>>;
  readonly damaged?: true;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Flags extends DecoderFlags {
  readonly format: 'table' | 'jsonl' | 'csv';
  readonly faithful?: true;
}

export function hashCommand(): Command {
  const command = new Command('hash')
    .summary('hash pictures: MD5, SHA-1, SHA-256 and PDQ')
    .description(
      'Hashes files, and folders with all that is in them. Needs no service and no network, so that a hotline can hash a\n' +
        'corpus on a machine that has none. `-` reads one medium from standard input.',
    )
    .argument('<path...>', 'files, folders, or -')
    .addOption(new Option('--format <name>', 'how to write').choices(['table', 'jsonl', 'csv']).default('table'))
    .option('--faithful', 'hash every pixel, for hashes that are published or stored in a list')
    .addHelpText(
      'after',
      `
Examples:
  vigie hash photo.jpg
  vigie hash --faithful --format csv corpus/ > list.csv     a list that \`vigie list import\` takes
  vigie hash --format jsonl a.png b.heic | jq .pdq`,
    );
  for (const option of decoderOptions()) command.addOption(option);
  return command.action(run);
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  const { decoders, limits } = decoderConfig(flags);
  const signal = interrupted();
  const pool = new MediaPool(decoders);
  const mode: HashMode = flags.faithful ? 'faithful' : 'fast';
  const show = WRITERS[flags.format]();
  try {
    const hash = (found: Found) => hashOne(found, { pool, mode, maximumBytes: limits.mediaBytes, signal });
    let done = 0;
    for await (const line of inOrder(walk(paths), decoders.processes * 2, hash)) {
      await show(line);
      done++;
      if (process.stdout.isTTY !== true) showStatus(`${done.toLocaleString('en')} hashed`);
    }
  } finally {
    await pool.close();
  }
}

interface Tools {
  readonly pool: MediaPool;
  readonly mode: HashMode;
  readonly maximumBytes: number;
  readonly signal: AbortSignal;
}

async function hashOne(found: Found, { pool, mode, maximumBytes, signal }: Tools): Promise<HashLine> {
  const { path } = found;
  const failed = (cause: VigieError) => ({ error: { code: cause.code, message: cause.message } });
  if (found.error !== undefined) return { path, ...failed(found.error) };
  let medium: ReadMedium;
  try {
    medium = await readFile(found, maximumBytes, signal);
  } catch (cause) {
    signal.throwIfAborted();
    return { path, ...failed(VigieError.from(cause)) };
  }
  const { bytes, digests } = medium;
  const base = {
    path,
    bytes: bytes.length,
    md5: signalType('md5').format(digests.md5),
    sha1: signalType('sha1').format(digests.sha1),
    sha256: signalType('sha256').format(digests.sha256),
  };
  try {
    if (bytes.length === 0) throw new VigieError('media-empty');
    const media = await pool.hash(bytes, { mode, signal });
    const frame = media.hashes.find(({ area }) => area === 'full');
    return {
      ...base,
      kind: media.kind,
      format: media.format,
      ...(media.width === undefined ? {} : { width: media.width }),
      ...(media.height === undefined ? {} : { height: media.height }),
      ...(frame === undefined ? {} : perceptual(frame.pdq, frame.quality)),
      ...(media.damaged ? { damaged: true } : {}),
      // What could be looked at is told together with why the rest could not.
      ...(media.incomplete === null ? {} : failed(new VigieError(media.incomplete))),
    };
  } catch (cause) {
    signal.throwIfAborted();
    const error = VigieError.from(cause);
    return { ...base, ...(error.medium ?? {}), ...failed(error) };
  }
}

function perceptual(pdq: Uint8Array, quality: number) {
  const hex = (i: number) => signalType('pdq').format(pdq.subarray(i * PDQ_BYTES, (i + 1) * PDQ_BYTES));
  return { pdq: hex(0), quality, dihedral: Object.fromEntries(DIHEDRAL_NAMES.map((name, i) => [name, hex(i)])) };
}

/** How a line is written, by format. */
const WRITERS = {
  jsonl: () => async (line: HashLine) => await writeLine(JSON.stringify(line)),
  csv: () => {
    let begun = false;
    return async (line: HashLine) => {
      if (!begun) await writeLine(CSV_HEADER);
      begun = true;
      await writeLine(csvLine(line));
    };
  },
  table: () => {
    const rows = new RowWriter(COLUMNS);
    return async (line: HashLine) => await rows.write(tableRow(line));
  },
} as const;

const CSV_HEADER = 'id,md5,sha1,sha256,pdq,quality,kind,comment';

/** A line as lists have it; what could not be hashed says so in its comment. */
function csvLine({ path, md5, sha1, sha256, pdq, quality, kind, error }: HashLine): string {
  const comment = error === undefined ? '' : `${error.code}: ${error.message}`;
  const cells = [path, md5, sha1, sha256, pdq, quality, kind, comment].map((cell) => String(cell ?? ''));
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

const COLUMNS = [
  { title: 'format', width: 7 },
  { title: 'size', width: 11, right: true },
  { title: 'quality', width: 7, right: true },
  { title: 'pdq', width: 64 },
  { title: 'file', width: 0 },
] as const;

function tableRow({ path, format, width, height, quality, pdq, error }: HashLine): string[] {
  return [
    format ?? '',
    width === undefined ? '' : `${width}×${height}`,
    quality === undefined ? '' : String(quality),
    pdq ?? (error === undefined ? 'not a picture' : `${error.code}: ${error.message}`),
    // A hash of what could be read of a damaged picture is not one of the whole.
    pdq === undefined || error === undefined ? printable(path) : `${printable(path)}  [${error.code}]`,
  ];
}

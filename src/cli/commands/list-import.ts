import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { Command, InvalidArgumentError, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { at } from '../list-answer.js';
import { fileFormatOption, fileToSend, mapOption, sendFile, sizeOf, typeOption } from '../list-file.js';
import { dataOption } from '../options.js';
import { printable, remark, table, writeLine } from '../output.js';
import type { ServiceClient } from '../service-client.js';
import { videoLines } from '../video-lines.js';
import { withService } from '../with-service.js';

interface ImportFlags {
  readonly data: string;
  readonly content: 'media' | 'urls' | 'keywords';
  readonly name?: string;
  readonly format: string;
  readonly type?: string;
  readonly map?: readonly string[];
  readonly source?: string;
  readonly licence?: string;
  readonly terms?: string;
  readonly expires?: string;
  readonly maxRejected?: number;
}

/** `vigie list import` */
export function importCommand(): Command {
  return new Command('import')
    .summary('load a list, or a new version of one')
    .description(
      'Loads a hash list: all of it or nothing. Look-ups go on meanwhile, and the version before is kept for a roll-back.\n' +
        'Interrupted, it goes on where it was when the same file is imported again. `-` reads standard input.',
    )
    .argument(
      '<file...>',
      'CSV, JSON lines, plain values, `type value` lines, VICS JSON or a vPDQ file, gzip or not; or -; or several vPDQ files',
    )
    .addOption(
      new Option('--content <kind>', 'what the entries are of, once and for all for a list')
        .choices(['media', 'urls', 'keywords'])
        .default('media'),
    )
    .option('--name <name>', 'of the list; the file name without its ending if left out')
    .addOption(fileFormatOption())
    .addOption(typeOption())
    .addOption(mapOption())
    .option('--source <text>', 'where the list comes from')
    .option('--licence <text>', 'under which it is used')
    .option('--terms <text>', 'what its use is bound to')
    .addOption(new Option('--expires <date>', 'it stops matching then, such as 2027-06-30').argParser(date))
    .addOption(
      new Option(
        '--max-rejected <share>',
        'give up when more than this share of the records is bad (0 to 1)',
      ).argParser(share),
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Columns of a CSV (any order, one signal is enough): id,md5,sha1,sha256,pdq,quality,photodna,vpdq,grade,kind,added,comment

Of URLs: id,url,kind (exact, prefix or host),grade,added,comment. Of keywords: id,keyword,overlook (plain, marks or digits),…
Both may be one a line as well.

Examples:
  vigie list import hotline.csv --source "IWF" --expires 2027-06-30
  vigie list import vics.json.gz --name project-vic
  vigie list import clips/*.txt --name clips     # vPDQ files: one entry each, named by its file
  vigie list import urls.txt --content urls --name hotline-urls
  vigie list import words.csv --content keywords
  vigie list import odd.csv --map Hash_MD5=md5 --map Category=grade`,
    )
    .action((files: readonly string[], flags: ImportFlags) => importFiles(files, flags));
}

async function importFiles(files: readonly string[], flags: ImportFlags): Promise<void> {
  const [file = '-'] = files;
  if (files.length > 1) await importVideos(files, flags);
  else await importFile(file, flags);
}

/** Several vPDQ files as one list: they are sent as JSON lines, in which an entry may have its frames as their text. */
async function importVideos(files: readonly string[], flags: ImportFlags): Promise<void> {
  const { name, format } = flags;
  if (name === undefined) throw new VigieError('usage', { detail: 'name the list of several files with --name' });
  if (format !== 'auto' && format !== 'vpdq') {
    throw new VigieError('usage', { detail: 'of several files each has to be the vPDQ file of one video' });
  }
  for (const each of files) await sizeOf(each);
  const query = queryOf({ ...flags, format: 'jsonl' }, `${files.length} vPDQ files`);
  await send(name, query, flags, undefined, () => videoLines(files));
}

async function importFile(file: string, flags: ImportFlags): Promise<void> {
  const name = flags.name ?? nameFromFile(file);
  const query = queryOf(flags, file === '-' ? 'stdin' : basename(file));
  const { bytes, open } = await fileToSend(file);
  await send(name, query, flags, bytes, open);
}

function queryOf(flags: ImportFlags, sourceName: string): URLSearchParams {
  const query = new URLSearchParams({ content: flags.content, format: flags.format, sourceName });
  for (const key of ['type', 'source', 'licence', 'terms', 'expires', 'maxRejected'] as const) {
    const value = flags[key];
    if (value !== undefined) query.set(key, String(value));
  }
  for (const each of flags.map ?? []) query.append('map', each);
  return query;
}

async function send(
  name: string,
  query: URLSearchParams,
  flags: ImportFlags,
  bytes: number | undefined,
  open: () => Readable,
): Promise<void> {
  const overService = async (service: ServiceClient) => {
    const to = { method: 'PUT', path: at(name, `/import?${query}`) } as const;
    await showResult(
      await sendFile<ImportProgress, ImportAnswer>(service, to, { bytes, open }, (progress, bar) =>
        bar.stage(progress.stage, progress.records),
      ),
    );
  };
  await withService(flags.data, overService, { create: true });
}

interface Places {
  readonly count: number;
  readonly lines: readonly number[];
  readonly frames?: readonly number[];
}

interface ImportAnswer {
  readonly list: string;
  readonly version: number;
  readonly entries: number;
  readonly report: {
    readonly records: number;
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: Readonly<Record<string, Places>>;
    readonly inactive: Readonly<Record<string, Places>>;
    readonly ignoredColumns: readonly string[];
  };
}

interface ImportProgress {
  readonly records: number;
  readonly rejected: number;
  readonly stage: string;
}

async function showResult({ list, version, entries, report }: ImportAnswer): Promise<void> {
  remark(`${list} is at version ${version} with ${entries.toLocaleString('en')} entries.`);
  const rows: (string | number)[][] = [];
  for (const [why, places] of Object.entries(report.rejected)) {
    rows.push([`rejected: ${why}`, places.count, firstLines(places)]);
  }
  for (const [why, places] of Object.entries(report.inactive)) {
    rows.push([`inactive: ${why}`, places.count, firstLines(places)]);
  }
  if (report.duplicates > 0) rows.push(['duplicates', report.duplicates, '']);
  if (rows.length > 0) await writeLine(table(['records', 'count', 'lines'], rows));
  if (report.ignoredColumns.length > 0)
    remark(`Columns that were not used: ${report.ignoredColumns.map(printable).join(', ')}`);
}

/** Of what is about a frame of a video, its number too: `12/340`. */
function firstLines({ lines, frames }: Places): string {
  const places = lines.slice(0, 8).map((line, i) => (frames?.[i] ? `${line}/${frames[i]}` : String(line)));
  return places.join(', ') + (lines.length > 8 ? ', …' : '');
}

function nameFromFile(file: string): string {
  if (file === '-') throw new VigieError('usage', { detail: 'name the list with --name' });
  const name = basename(file)
    .toLowerCase()
    .replace(/\.gz$/, '')
    .replace(/\.[^.]+$/, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  if (name === '') throw new VigieError('list-name-invalid', { detail: 'name it with --name' });
  return name.slice(0, 64);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.');
  return value;
}

function date(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new InvalidArgumentError('Give a date such as 2027-06-30.');
  }
  return text;
}

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { interrupted } from '../interrupt.js';
import { collect, dataOption } from '../options.js';
import { bytesInWords, colour, remark, table, write, writeLine } from '../output.js';
import { fromProblem, type ServiceClient } from '../service-client.js';
import { unreadable } from '../walk.js';
import { withService } from '../with-service.js';

interface ListAnswer {
  readonly name: string;
  readonly source: string | null;
  readonly licence: string | null;
  readonly terms: string | null;
  readonly expires: string | null;
  readonly version: number | null;
  readonly entries: number;
  readonly withdrawn: number;
  readonly grades: Readonly<Record<string, number>>;
  readonly signals: Readonly<Record<string, { readonly values: number; readonly active: number }>>;
  readonly state: string;
  readonly versions: readonly {
    readonly version: number;
    readonly state: string;
    readonly entries: number;
    readonly created: string;
    readonly sourceName: string | null;
  }[];
}

interface Data {
  readonly data: string;
}

const at = (name: string, rest = ''): string => `/v1/lists/${encodeURIComponent(name)}${rest}`;

export function listCommand(): Command {
  const command = new Command('list')
    .summary('hash lists: load, look, withdraw, roll back')
    .description('Hash lists as living things. Every change goes through the running service, if there is one.');
  command.addCommand(importCommand());
  command
    .command('ls')
    .summary('all lists')
    .addOption(dataOption())
    .action(async ({ data }: Data) => {
      await withService(data, async (service) => {
        const { lists } = await service.call<{ lists: readonly ListAnswer[] }>('GET', '/v1/lists');
        const rows = lists.map((list) => [
          list.name,
          list.version === null ? '' : String(list.version),
          list.entries,
          Object.keys(list.signals).join(','),
          list.state === 'ready' ? colour.green(list.state) : colour.yellow(list.state),
          list.expires?.slice(0, 10) ?? '',
        ]);
        await writeLine(table(['list', 'version', 'entries', 'signals', 'state', 'expires'], rows));
      });
    });
  command
    .command('show')
    .summary('one list with its versions')
    .argument('<name>')
    .addOption(dataOption())
    .action(async (name: string, { data }: Data) => {
      await withService(data, async (service) => {
        await writeLine(inWords(await service.call<ListAnswer>('GET', at(name))));
      });
    });
  command
    .command('withdraw')
    .summary('an entry stops matching, at once')
    .argument('<name>', 'the list')
    .argument('<entry>', 'the entry id that a match names')
    .requiredOption('--reason <text>', 'why; it is kept')
    .addOption(dataOption())
    .action(async (name: string, entry: string, { data, reason }: Data & { reason: string }) => {
      await withService(data, async (service) => {
        const path = at(name, `/entries/${encodeURIComponent(entry)}/withdraw`);
        await service.call('POST', path, { json: { reason } });
        remark(`Entry ${entry} of ${name} is withdrawn and matches no more.`);
      });
    });
  command
    .command('restore')
    .summary('a withdrawn entry matches again')
    .argument('<name>', 'the list')
    .argument('<entry>', 'the entry id')
    .requiredOption('--reason <text>', 'why; it is kept')
    .addOption(dataOption())
    .action(async (name: string, entry: string, { data, reason }: Data & { reason: string }) => {
      await withService(data, async (service) => {
        const path = at(name, `/entries/${encodeURIComponent(entry)}/restore`);
        await service.call('POST', path, { json: { reason } });
        remark(`Entry ${entry} of ${name} matches again.`);
      });
    });
  command
    .command('rollback')
    .summary('an older version is the current one again, at once')
    .argument('<name>', 'the list')
    .option('--to <version>', 'the version; the one before the current one if left out', Number)
    .addOption(dataOption())
    .action(async (name: string, { data, to }: Data & { to?: number }) => {
      await withService(data, async (service) => {
        const json = to === undefined ? {} : { version: to };
        const list = await service.call<ListAnswer>('POST', at(name, '/rollback'), { json });
        remark(`${name} is at version ${list.version} with ${list.entries.toLocaleString('en')} entries.`);
      });
    });
  command
    .command('remove')
    .summary('remove a list and its segments')
    .argument('<name>', 'the list')
    .addOption(dataOption())
    .action(async (name: string, { data }: Data) => {
      await withService(data, async (service) => {
        await service.call('DELETE', at(name));
        remark(`${name} is removed.`);
      });
    });
  command
    .command('export')
    .summary('write a list out, with its fingerprints')
    .argument('<name>', 'the list')
    .addOption(new Option('--format <name>', 'how to write').choices(['csv', 'jsonl']).default('csv'))
    .option('--i-am-allowed', 'you have the right to hold this list in clear')
    .addOption(dataOption())
    .addHelpText('after', '\nThe file is as secret as the list. It goes to standard output.')
    .action(async (name: string, flags: Data & { format: string; iAmAllowed?: true }) => {
      if (flags.iAmAllowed !== true) throw new VigieError('export-refused');
      await withService(flags.data, async (service) => {
        const response = await service.request('GET', at(name, `/export?format=${flags.format}&allowed=true`));
        for await (const chunk of response.body) await write(chunk);
      });
    });
  return command;
}

interface ImportFlags extends Data {
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

function importCommand(): Command {
  return new Command('import')
    .summary('load a list, or a new version of one')
    .description(
      'Loads a hash list: all of it or nothing. Look-ups go on meanwhile, and the version before is kept for a roll-back.\n' +
        'Interrupted, it goes on where it was when the same file is imported again. `-` reads standard input.',
    )
    .argument('<file>', 'CSV, JSON lines, plain values, `type value` lines or VICS JSON, gzip or not; or -')
    .option('--name <name>', 'of the list; the file name without its ending if left out')
    .addOption(
      new Option('--format <name>', 'of the file')
        .choices(['auto', 'csv', 'jsonl', 'lines', 'typed', 'vics'])
        .default('auto'),
    )
    .option('--type <name>', 'signal type of plain values, where their length does not tell')
    .option('--map <theirs=ours>', 'a column of the file and what it is here; may be given several times', collect)
    .option('--source <text>', 'where the list comes from')
    .option('--licence <text>', 'under which it is used')
    .option('--terms <text>', 'what its use is bound to')
    .option('--expires <date>', 'it stops matching then, such as 2027-06-30')
    .option('--max-rejected <share>', 'give up when more than this share of the records is bad (0 to 1)', Number)
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Columns of a CSV (any order, one signal is enough): id,md5,sha1,sha256,pdq,quality,photodna,grade,kind,added,comment

Examples:
  vigie list import hotline.csv --source "IWF" --expires 2027-06-30
  vigie list import vics.json.gz --name project-vic
  vigie list import odd.csv --map Hash_MD5=md5 --map Category=grade`,
    )
    .action(importFile);
}

async function importFile(file: string, flags: ImportFlags): Promise<void> {
  const name = flags.name ?? (file === '-' ? 'list' : nameFromFile(file));
  const bytes = file === '-' ? undefined : await sizeOf(file);
  const query = new URLSearchParams({ format: flags.format, sourceName: file === '-' ? 'stdin' : basename(file) });
  for (const key of ['type', 'source', 'licence', 'terms', 'expires', 'maxRejected'] as const) {
    const value = flags[key];
    if (value !== undefined) query.set(key, String(value));
  }
  for (const each of flags.map ?? []) query.append('map', each);
  await withService(flags.data, async (service) => {
    const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 2 ** 20 });
    const bar = progressBar(bytes);
    const body = counted(source, (sent) => bar.update(sent));
    try {
      await showResult(await importThrough(service, at(name, `/import?${query}`), body, bytes, bar));
    } finally {
      bar.stop();
    }
  });
}

interface ImportAnswer {
  readonly list: string;
  readonly version: number;
  readonly entries: number;
  readonly report: {
    readonly records: number;
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: Readonly<Record<string, { readonly count: number; readonly lines: readonly number[] }>>;
    readonly inactive: Readonly<Record<string, { readonly count: number; readonly lines: readonly number[] }>>;
    readonly ignoredColumns: readonly string[];
  };
}

type ImportLine =
  | { readonly progress: { readonly records: number; readonly rejected: number; readonly stage: string } }
  | { readonly result: ImportAnswer }
  | { readonly error: Parameters<typeof fromProblem>[0] };

interface Bar {
  update(bytes: number): void;
  stage(name: string, records: number): void;
  stop(): void;
}

async function importThrough(
  service: ServiceClient,
  path: string,
  body: AsyncIterable<Uint8Array>,
  bytes: number | undefined,
  bar: Bar,
): Promise<ImportAnswer> {
  const response = await service.request('PUT', path, {
    body: body as unknown as NodeJS.ReadableStream as never,
    headers: {
      'content-type': 'application/octet-stream',
      ...(bytes === undefined ? {} : { 'content-length': String(bytes) }),
    },
    signal: interrupted(),
  });
  for await (const text of createInterface({ input: response.body })) {
    const line = JSON.parse(text) as ImportLine;
    if ('error' in line) throw fromProblem(line.error);
    if ('result' in line) return line.result;
    bar.stage(line.progress.stage, line.progress.records);
  }
  throw new VigieError('internal', { detail: 'the service ended the import without a result' });
}

async function showResult({ list, version, entries, report }: ImportAnswer): Promise<void> {
  remark(`${list} is at version ${version} with ${entries.toLocaleString('en')} entries.`);
  const rows: (string | number)[][] = [];
  for (const [why, { count, lines }] of Object.entries(report.rejected)) {
    rows.push([`rejected: ${why}`, count, firstLines(lines)]);
  }
  for (const [why, { count, lines }] of Object.entries(report.inactive)) {
    rows.push([`inactive: ${why}`, count, firstLines(lines)]);
  }
  if (report.duplicates > 0) rows.push(['duplicates', report.duplicates, '']);
  if (rows.length > 0) await writeLine(table(['records', 'count', 'lines'], rows));
  if (report.ignoredColumns.length > 0) remark(`Columns that were not used: ${report.ignoredColumns.join(', ')}`);
}

function firstLines(lines: readonly number[]): string {
  return lines.slice(0, 8).join(', ') + (lines.length > 8 ? ', …' : '');
}

/** A bar on a terminal; silence elsewhere. */
function progressBar(total: number | undefined): Bar {
  if (process.stderr.isTTY !== true) return { update() {}, stage() {}, stop() {} };
  const bar = new SingleBar({
    format: total === undefined ? '{stage}  {done}' : '{stage} {bar} {percentage}%  {done}  {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
  });
  bar.start(total ?? 1, 0, { stage: 'sending ', done: '' });
  return {
    update: (bytes) => bar.update(total === undefined ? 0 : bytes, { done: bytesInWords(bytes) }),
    stage: (stage, records) => bar.update({ stage: `${stage} `, done: `${records.toLocaleString('en')} records` }),
    stop: () => bar.stop(),
  };
}

async function* counted(source: AsyncIterable<Uint8Array>, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    yield chunk;
    bytes += chunk.length;
    tell(bytes);
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw unreadable(cause);
  }
}

function nameFromFile(file: string): string {
  const name = basename(file)
    .toLowerCase()
    .replace(/\.gz$/, '')
    .replace(/\.[^.]+$/, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  if (name === '') throw new VigieError('list-name-invalid', { detail: 'name it with --name' });
  return name.slice(0, 64);
}

function inWords(list: ListAnswer): string {
  const facts: [string, string][] = [
    ['list', list.name],
    ['state', list.state],
    ['version', list.version === null ? 'none' : String(list.version)],
    ['entries', list.entries.toLocaleString('en')],
    ['withdrawn', list.withdrawn.toLocaleString('en')],
    ['source', list.source ?? ''],
    ['licence', list.licence ?? ''],
    ['terms', list.terms ?? ''],
    ['expires', list.expires ?? ''],
    [
      'grades',
      Object.entries(list.grades)
        .map(([grade, count]) => `${grade} ${count}`)
        .join(', '),
    ],
    [
      'signals',
      Object.entries(list.signals)
        .map(([type, { values, active }]) =>
          values === active ? `${type} ${values}` : `${type} ${active} of ${values} active`,
        )
        .join(', '),
    ],
  ];
  const versions = list.versions.map(({ version, state, entries, created, sourceName }) => [
    String(version),
    state,
    entries,
    created.slice(0, 19).replace('T', ' '),
    sourceName ?? '',
  ]);
  const lines = facts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${colour.dim(key.padEnd(10))}${value}`);
  return [...lines, '', table(['version', 'state', 'entries', 'created (UTC)', 'from'], versions)].join('\n');
}

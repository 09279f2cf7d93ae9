import { Command, Option } from 'commander';
import { dataOption, formatOption, whole } from '../options.js';
import { printable, remark, secondOf, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface Flags {
  readonly data: string;
  readonly format: 'table' | 'json';
  readonly limit: number;
  readonly list?: string;
}

interface RunAnswer {
  readonly list: string;
  readonly from: number | null;
  readonly to: number;
  readonly node: string;
  readonly state: string;
  readonly entries: number;
  readonly files: number;
  readonly filesDone: number;
  readonly records: number;
  readonly finds: number;
  readonly damaged: number;
  readonly lastError: string | null;
}

interface FindAnswer {
  readonly id: string;
  readonly list: string;
  readonly entry: string;
  readonly outcome: string;
  readonly item: string | null;
  readonly platform: string | null;
  readonly platformId: string | null;
  readonly itemRef: string | null;
  readonly sha256: string | null;
  readonly seen: string;
  readonly match: {
    readonly signal: string;
    readonly distance?: number;
    readonly view?: string;
    readonly extent: string;
  };
}

const limitOption = () => new Option('--limit <n>', 'at most so many').default(50).argParser(whole(1, 500));
const count = (value: number): string => value.toLocaleString('en');

function query(flags: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(flags)) if (value !== undefined) given.set(name, String(value));
  return given.toString();
}

export function retroCommand(): Command {
  const command = new Command('retro')
    .summary('new entries, tried against what was seen before')
    .description(
      'What comes to a list is tried by itself against the hashes of all media that this installation has looked at.\n' +
        'See docs/retro-match.md for what the seen record holds and what it does not.',
    );
  command
    .command('ls')
    .summary('how far it is, by list and node, newest first')
    .addOption(new Option('--list <name>', 'of one list'))
    .addOption(limitOption())
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format, limit, list }: Flags) => {
      await withService(data, async (service) => {
        const path = `/v1/retro?${query({ limit, list })}`;
        const { runs } = await service.call<{ readonly runs: readonly RunAnswer[] }>('GET', path);
        if (format === 'json') return await writeLine(JSON.stringify(runs));
        const rows = runs.map((run) => [
          ...[printable(run.list), `${run.from ?? 'nothing'} to ${run.to}`, printable(run.node), run.state],
          ...[count(run.entries), `${run.filesDone} of ${run.files}`, count(run.records), count(run.finds)],
          ...[run.damaged === 0 ? '' : count(run.damaged), run.lastError ?? ''],
        ]);
        const head = ['list', 'versions', 'node', 'state', 'entries', 'files', 'records', 'finds', 'damaged', 'error'];
        await writeLine(table(head, rows));
      });
    });
  command
    .command('run')
    .summary('try all entries of a list against all that was seen, on every node')
    .argument('<list>', 'name of the list')
    .addOption(dataOption())
    .action(async (list: string, { data }: Flags) => {
      await withService(data, async (service) => {
        const { nodes } = await service.call<{ readonly nodes: number }>('POST', '/v1/retro/run', { json: { list } });
        remark(`${nodes} ${nodes === 1 ? 'node tries' : 'nodes try'} it; see \`vigie retro ls\`.`);
      });
    });
  command
    .command('stop')
    .summary('end what waits or is under way for a list; what was found stays')
    .argument('<list>', 'name of the list')
    .addOption(dataOption())
    .action(async (list: string, { data }: Flags) => {
      await withService(data, async (service) => {
        const { runs } = await service.call<{ readonly runs: number }>('POST', '/v1/retro/stop', { json: { list } });
        remark(`${runs} ended.`);
      });
    });
  command
    .command('finds')
    .summary('media that match entries that came later, newest first')
    .addOption(new Option('--list <name>', 'of one list'))
    .addOption(new Option('--item-ref <text>', 'of the medium that its sender called so'))
    .addOption(new Option('--outcome <name>', 'of one outcome').choices(['told', 'shadow', 'held']))
    .addOption(limitOption())
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format, limit, list, itemRef, outcome }: Flags & { itemRef?: string; outcome?: string }) => {
      await withService(data, async (service) => {
        const path = `/v1/retro/finds?${query({ limit, list, itemRef, outcome })}`;
        const { finds } = await service.call<{ readonly finds: readonly FindAnswer[] }>('GET', path);
        if (format === 'json') return await writeLine(JSON.stringify(finds));
        const rows = finds.map((find) => [
          ...[
            find.id,
            printable(find.list),
            printable(find.entry),
            find.match.signal,
            String(find.match.distance ?? ''),
          ],
          ...[find.match.view ?? '', find.match.extent, find.outcome, printable(placeOf(find))],
          secondOf(find.seen),
        ]);
        const head = ['id', 'list', 'entry', 'signal', 'distance', 'view', 'extent', 'outcome', 'medium', 'seen'];
        await writeLine(table(head, rows));
      });
    });
  return command;
}

/** What leads to the medium. */
function placeOf({ platform, platformId, item, itemRef, sha256 }: FindAnswer): string {
  if (platform !== null && platformId !== null) return `${platform} ${platformId}`;
  return item ?? itemRef ?? (sha256 === null ? 'erased' : `sha256 ${sha256}`);
}

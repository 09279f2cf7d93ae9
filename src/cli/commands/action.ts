import { Command, Option } from 'commander';
import { dataOption, formatOption, reasonOption, whole } from '../options.js';
import { printable, remark, secondOf, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface ActionAnswer {
  readonly id: string;
  readonly act: string;
  readonly platform: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly state: string;
  readonly heldBy: string | null;
  readonly dryRun: boolean;
  readonly outcome: string | null;
  readonly rule: string;
  readonly proposed: string;
}

interface Flags {
  readonly data: string;
}

interface Consequences {
  readonly ordered: number;
  readonly dropped: number;
}

const STATES = ['open', 'proposed', 'ordered', 'confirmed', 'dropped', 'failed', 'given-up', 'refused'] as const;

const at = (id: string, rest = ''): string => `/v1/actions/${encodeURIComponent(id)}${rest}`;

export function actionCommand(): Command {
  const command = new Command('action')
    .summary('what is done on platforms: see it, decide it, undo it')
    .description(
      'Acts on platforms, such as removals: what was done, waits for a person, or failed. Times are in UTC.',
    );
  command
    .command('ls')
    .summary('actions, newest first')
    .addOption(new Option('--state <name>', 'only of this state').choices(STATES))
    .addOption(new Option('--platform <name>', 'only on this platform'))
    .addOption(new Option('--held-by <reason>', 'only what waits for this reason, such as stop or rate'))
    .addOption(new Option('--limit <n>', 'at most so many').default(100).argParser(whole(1, 500)))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format, ...filter }: Flags & Filter & { format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const query = new URLSearchParams(
          Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]),
        );
        const { actions } = await service.call<{ actions: readonly ActionAnswer[] }>('GET', `/v1/actions?${query}`);
        if (format === 'json') return await writeLine(JSON.stringify(actions));
        const rows = actions.map((each) => [
          ...[each.id, each.act, printable(each.platform), `${each.subject.kind} ${printable(each.subject.id)}`],
          ...[stateOf(each), printable(each.rule), secondOf(each.proposed)],
        ]);
        await writeLine(table(['id', 'act', 'platform', 'subject', 'state', 'rule', 'proposed'], rows));
      });
    });
  command
    .command('show')
    .summary('one action, with all that led to it')
    .argument('<id>', 'as `vigie action ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        await writeLine(JSON.stringify(await service.call<ActionAnswer>('GET', at(id)), null, 2));
      });
    });
  decide(command, 'approve', 'order what waits for a person', 'ordered');
  decide(command, 'refuse', 'refuse what waits for a person', 'refused');
  decide(command, 'give-up', 'give up what has failed, or waits for its next attempt', 'given up');
  command
    .command('retry')
    .summary('try them now, with all their attempts again')
    .argument('<id...>', 'as `vigie action ls --state failed` shows them')
    .addOption(dataOption())
    .action(async (ids: readonly string[], { data }: Flags) => {
      await withService(data, async (service) => {
        for (const id of ids) {
          await service.call('POST', at(id, '/retry'));
          remark(`Action ${id} is tried now.`);
        }
      });
    });
  command
    .command('undo')
    .summary('undo one with its copies, or everything that rests on an entry')
    .argument('[id]', 'as `vigie action ls` shows it; or give --list and --entry')
    .addOption(new Option('--list <id>', 'id of the list, as `vigie action show` gives it'))
    .addOption(new Option('--entry <id>', 'the entry that is wrong; it is disputed'))
    .addOption(new Option('--no-dispute', 'the entry is right, and only this action was not'))
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (id: string | undefined, flags: Flags & UndoFlags) => {
      const { data, reason, list, entry, dispute } = flags;
      if ((id === undefined) !== (list !== undefined && entry !== undefined)) {
        command.error('error: give the id of an action, or both --list and --entry');
      }
      await withService(data, async (service) => {
        const { ordered, dropped } =
          id === undefined
            ? await service.call<Consequences>('POST', at('undo-entry'), { json: { list, entry, reason } })
            : await service.call<Consequences>('POST', at(id, '/undo'), { json: { reason, dispute } });
        remark(`${ordered} ordered to be undone, ${dropped} that waited dropped.`);
      });
    });
  return command;
}

interface Filter {
  readonly state?: string;
  readonly platform?: string;
  readonly heldBy?: string;
  readonly limit: number;
}

interface UndoFlags {
  readonly reason: string;
  readonly list?: string;
  readonly entry?: string;
  readonly dispute: boolean;
}

function decide(command: Command, name: 'approve' | 'refuse' | 'give-up', summary: string, done: string): void {
  command
    .command(name)
    .summary(summary)
    .argument('<id...>', 'as `vigie action ls` shows them')
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (ids: readonly string[], { data, reason }: Flags & { reason: string }) => {
      await withService(data, async (service) => {
        for (const id of ids) {
          await service.call('POST', at(id, `/${name}`), { json: { reason } });
          remark(`Action ${id} is ${done}.`);
        }
      });
    });
}

function stateOf({ state, heldBy, outcome, dryRun }: ActionAnswer): string {
  const why = heldBy ?? (state === 'confirmed' && outcome === 'done' ? null : outcome);
  return `${state}${why === null ? '' : ` (${why})`}${dryRun ? ', dry run' : ''}`;
}

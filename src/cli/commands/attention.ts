import { Command, Option } from 'commander';
import { nextStep } from '../next-step.js';
import { dataOption, formatOption, whole } from '../options.js';
import { colour, minuteOf, printable, remark, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface AttentionAnswer {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly cause: string;
  readonly subject: string;
  readonly state: string;
  readonly count: number;
  readonly backlog: number;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly due: string;
  readonly overdue: boolean;
  readonly first: string;
  readonly last: string;
  readonly changedBy: string | null;
  readonly note: string | null;
}

interface Flags {
  readonly data: string;
}

type Format = Flags & { readonly format: 'table' | 'json' };

const at = (id: string, rest = ''): string => `/v1/attention/${encodeURIComponent(id)}${rest}`;

export function attentionCommand(): Command {
  const command = new Command('attention')
    .summary('what needs somebody: look, acknowledge, resolve, replay')
    .description('Everything that needs a person or an operator, and what is done about it. Times are in UTC.');
  command
    .command('ls')
    .summary('what needs somebody, the most urgent first')
    .addOption(
      new Option('--state <name>', 'all but resolved ones if left out').choices(['open', 'acknowledged', 'resolved']),
    )
    .option('--overdue', 'only what nobody has dealt with in time')
    .addOption(new Option('--limit <n>', 'at most so many').default(100).argParser(whole(1, 500)))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (flags: Format & { state?: string; overdue?: true; limit: number }) => {
      const query = new URLSearchParams({ limit: String(flags.limit), ...(flags.overdue ? { overdue: 'true' } : {}) });
      if (flags.state !== undefined) query.set('state', flags.state);
      await withService(flags.data, async (service) => {
        const { attention } = await service.call<{ attention: readonly AttentionAnswer[] }>(
          'GET',
          `/v1/attention?${query}`,
        );
        if (flags.format === 'json') return await writeLine(JSON.stringify(attention));
        const rows = attention.map((each) => [
          each.id,
          each.title,
          printable(each.subject),
          printable(each.cause),
          each.count,
          each.backlog,
          each.overdue ? colour.red(minuteOf(each.due)) : minuteOf(each.due),
          each.state,
        ]);
        await writeLine(table(['id', 'what', 'subject', 'cause', 'count', 'backlog', 'due', 'state'], rows));
      });
    });
  command
    .command('show')
    .summary('one of them')
    .argument('<id>', 'as `vigie attention ls` shows it')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (id: string, { data, format }: Format) => {
      await withService(data, async (service) => {
        const attention = await service.call<AttentionAnswer>('GET', at(id));
        await writeLine(format === 'json' ? JSON.stringify(attention) : inWords(attention));
      });
    });
  for (const { act, short, summary, said } of [
    { act: 'acknowledge', short: 'ack', summary: 'somebody deals with it', said: 'is acknowledged' },
    { act: 'resolve', short: undefined, summary: 'it needs nobody any more', said: 'is resolved' },
  ]) {
    const sub = command.command(act).summary(summary);
    if (short !== undefined) sub.alias(short);
    sub
      .argument('<id>', 'as `vigie attention ls` shows it')
      .option('--note <text>', 'for the others; it is kept')
      .addOption(dataOption())
      .action(async (id: string, { data, note }: Flags & { note?: string }) => {
        await withService(data, async (service) => {
          const json = note === undefined ? {} : { note };
          const { title } = await service.call<AttentionAnswer>('POST', at(id, `/${act}`), { json });
          remark(`“${title}” ${said}.`);
        });
      });
  }
  command
    .command('replay')
    .summary('look at the items of its backlog again, and resolve it')
    .argument('<id>', 'as `vigie attention ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        const { items } = await service.call<{ items: number }>('POST', at(id, '/replay'));
        remark(`${items.toLocaleString('en')} ${items === 1 ? 'item is' : 'items are'} looked at again.`);
      });
    });
  return command;
}

function inWords(attention: AttentionAnswer): string {
  const { title, kind, cause, subject, state, count, backlog, due, overdue, first, last, changedBy, note } = attention;
  const facts: [string, string][] = [
    ['what', title],
    ['kind', kind],
    ['cause', printable(cause)],
    ['subject', printable(subject)],
    ['state', changedBy === null ? state : `${state} by ${printable(changedBy)}`],
    ['count', count.toLocaleString('en')],
    ['backlog', backlog.toLocaleString('en')],
    ['due', overdue ? `${minuteOf(due)}, overdue` : minuteOf(due)],
    ['first', minuteOf(first)],
    ['last', minuteOf(last)],
    ['note', printable(note ?? '')],
    ...Object.entries(attention.detail).map(([name, value]): [string, string] => [
      printable(name),
      printable(String(value)),
    ]),
    ['next', nextStep(attention)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${colour.dim(name.padEnd(width))}  ${value}`)
    .join('\n');
}

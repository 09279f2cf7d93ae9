import { Command, Option } from 'commander';
import { dataOption, formatOption, reasonOption, whole } from '../options.js';
import { minuteOf, printable, remark, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface CaseAnswer {
  readonly id: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly platform: string;
  readonly state: string;
  readonly priority: number;
  readonly cause: string;
  readonly reports: number;
  readonly due: string;
  readonly decision: string | null;
}

interface Flags {
  readonly data: string;
}

const at = (id: string, rest = ''): string => `/v1/cases/${encodeURIComponent(id)}${rest}`;

export function caseCommand(): Command {
  const command = new Command('case')
    .summary('what waits for a decision of people')
    .description('One open case a subject, the most urgent first. A decision reaches every copy. Times are in UTC.');
  command
    .command('ls')
    .summary('open cases by priority')
    .addOption(new Option('--state <name>', 'of this state').choices(['open', 'decided']).default('open'))
    .addOption(new Option('--platform <name>', 'only on this platform'))
    .addOption(new Option('--limit <n>', 'at most so many').default(100).argParser(whole(1, 500)))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format, ...filter }: Flags & { format: 'table' | 'json'; state: string; limit: number }) => {
      await withService(data, async (service) => {
        const query = new URLSearchParams(
          Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]),
        );
        const { cases } = await service.call<{ cases: readonly CaseAnswer[] }>('GET', `/v1/cases?${query}`);
        if (format === 'json') return await writeLine(JSON.stringify(cases));
        const rows = cases.map((each) => [
          ...[each.id, each.priority, printable(each.platform), `${each.subject.kind} ${printable(each.subject.id)}`],
          ...[each.decision ?? each.state, printable(each.cause), each.reports, minuteOf(each.due)],
        ]);
        const head = ['id', 'priority', 'platform', 'subject', 'state', 'cause', 'reports', 'due'];
        await writeLine(table(head, rows));
      });
    });
  command
    .command('show')
    .summary('one case')
    .argument('<id>', 'as `vigie case ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        await writeLine(JSON.stringify(await service.call<CaseAnswer>('GET', at(id)), null, 2));
      });
    });
  command
    .command('decide')
    .summary('confirm it, which removes the item with all copies; or dismiss it, which undoes what was done')
    .argument('<id>', 'as `vigie case ls` shows it')
    .addOption(new Option('--confirm', 'it is what it was taken for').conflicts('dismiss'))
    .addOption(new Option('--dismiss', 'it is not'))
    .addOption(new Option('--siblings', 'with --confirm: what was shared together with it as well'))
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (id: string, { data, confirm, dismiss, siblings, reason }: Flags & DecideFlags) => {
      if (!confirm && !dismiss) command.error('error: give --confirm or --dismiss');
      const json = { decision: confirm ? 'confirmed' : 'dismissed', reason, siblings: siblings ?? false };
      await withService(data, async (service) => {
        const { ordered, dropped } = await service.call<{ readonly ordered: number; readonly dropped: number }>(
          'POST',
          at(id, '/decide'),
          { json },
        );
        remark(`Case ${id} is ${json.decision}: ${ordered} acts ordered, ${dropped} that waited dropped.`);
      });
    });
  return command;
}

interface DecideFlags {
  readonly confirm?: true;
  readonly dismiss?: true;
  readonly siblings?: true;
  readonly reason: string;
}

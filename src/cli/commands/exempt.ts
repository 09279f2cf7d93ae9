import { Command, Option } from 'commander';
import { dataOption, formatOption, reasonOption } from '../options.js';
import { colour, printable, remark, table, writeLine } from '../output.js';
import { endOfDay } from '../until.js';
import { withService } from '../with-service.js';

interface ExemptionAnswer {
  readonly id: string;
  readonly platform: string;
  readonly kind: 'account' | 'room';
  readonly subject: string;
  readonly reason: string;
  readonly until: string;
  readonly state: 'on' | 'over' | 'ended';
}

interface Flags {
  readonly data: string;
}

export function exemptCommand(): Command {
  const command = new Command('exempt')
    .summary('authors and rooms for whom every act waits for a person')
    .description('What rules propose for an exempt author or room is not done but waits for a person, until an end.');
  command
    .command('add')
    .summary('exempt an author or a room until an end')
    .addOption(new Option('--platform <name>', 'the platform').makeOptionMandatory())
    .addOption(new Option('--account <id>', "the platform's own id of the author").conflicts('room'))
    .addOption(new Option('--room <id>', "the platform's own id of the room"))
    .addOption(reasonOption())
    .addOption(
      new Option('--until <date>', 'the last day, a year ahead at the most').argParser(endOfDay).makeOptionMandatory(),
    )
    .addOption(dataOption())
    .action(async ({ data, account, room, ...rest }: Flags & Record<'platform' | 'reason' | 'until', string> & Who) => {
      const subject = account ?? room;
      if (subject === undefined) command.error('error: give --account or --room');
      const json = { ...rest, kind: account === undefined ? 'room' : 'account', subject };
      await withService(data, async (service) => {
        const { id } = await service.call<ExemptionAnswer>('POST', '/v1/exemptions', { json });
        remark(`Exemption ${id} holds until ${rest.until}.`);
      });
    });
  command
    .command('ls')
    .summary('those that hold first')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Flags & { format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const { exemptions } = await service.call<{ exemptions: readonly ExemptionAnswer[] }>('GET', '/v1/exemptions');
        if (format === 'json') return await writeLine(JSON.stringify(exemptions));
        const rows = exemptions.map((each) => [
          ...[each.id, printable(each.platform), `${each.kind} ${printable(each.subject)}`],
          ...[each.state === 'on' ? colour.green('on') : colour.dim(each.state), each.until.slice(0, 10)],
          printable(each.reason),
        ]);
        await writeLine(table(['id', 'platform', 'subject', 'state', 'until', 'reason'], rows));
      });
    });
  command
    .command('end')
    .summary('end one before its time')
    .argument('<id>', 'as `vigie exempt ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        await service.call('DELETE', `/v1/exemptions/${encodeURIComponent(id)}`);
        remark(`Exemption ${id} is ended.`);
      });
    });
  return command;
}

interface Who {
  readonly account?: string;
  readonly room?: string;
}

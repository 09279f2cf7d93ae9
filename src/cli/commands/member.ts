import { Command, InvalidArgumentError, Option } from 'commander';
import { parseRate } from '../../access/quotas.js';
import { collect, dataOption, formatOption } from '../options.js';
import { colour, printable, remark, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface MemberAnswer {
  readonly id: string;
  readonly name: string;
  readonly lists: readonly string[] | null;
  readonly grades: readonly string[] | null;
  readonly jurisdictions: readonly string[];
  readonly revoked: string | null;
  readonly seen: string | null;
}

interface Flags {
  readonly data: string;
}

const rate = (text: string): string => {
  if (parseRate(text) === undefined) throw new InvalidArgumentError('Give a rate such as 10/s, 20/min or 1000/h.');
  return text;
};

export function memberCommand(): Command {
  const command = new Command('member')
    .summary('those to whom lists are published')
    .description('Members read the lists that `vigie publish on` gives them, each with a key of its own.');
  command
    .command('add')
    .summary('add one; its key is shown once')
    .argument('<name>', 'who it is')
    .addOption(new Option('--list <name>', 'only this list; again for more').argParser(collect))
    .addOption(new Option('--grade <grade>', 'only entries of this grade; again for more').argParser(collect))
    .addOption(new Option('--jurisdiction <code>', 'where it is, such as GB; again for more').argParser(collect))
    .addOption(new Option('--rate <rate>', 'such as 10/s, in place of the rate of all').argParser(rate))
    .addOption(dataOption())
    .action(
      async (
        name: string,
        flags: Flags & {
          readonly list?: readonly string[];
          readonly grade?: readonly string[];
          readonly jurisdiction?: readonly string[];
          readonly rate?: string;
        },
      ) => {
        const { list: lists, grade: grades, jurisdiction: jurisdictions, rate: own } = flags;
        await withService(flags.data, async (service) => {
          const answer = await service.call<{ member: MemberAnswer; key: string }>('POST', '/v1/members', {
            json: { name, lists, grades, jurisdictions, rate: own },
          });
          remark(`Member ${answer.member.id} is added. Its key is shown only now:`);
          await writeLine(answer.key);
        });
      },
    );
  command
    .command('ls')
    .summary('all of them; no keys')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Flags & { format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const { members } = await service.call<{ members: readonly MemberAnswer[] }>('GET', '/v1/members');
        if (format === 'json') return await writeLine(JSON.stringify(members));
        const rows = members.map(({ id, name, lists, grades, jurisdictions, revoked, seen }) => [
          ...[id, printable(name), lists?.map(printable).join(',') ?? 'all', grades?.map(printable).join(',') ?? 'all'],
          jurisdictions.join(','),
          revoked === null ? (seen?.slice(0, 16) ?? 'never') : colour.dim('revoked'),
        ]);
        await writeLine(table(['id', 'name', 'lists', 'grades', 'where', 'seen'], rows));
      });
    });
  command
    .command('revoke')
    .summary('its key opens nothing from now on')
    .argument('<id>', 'as `vigie member ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        await service.call('DELETE', `/v1/members/${encodeURIComponent(id)}`);
        remark(`Member ${id} is revoked.`);
      });
    });
  return command;
}

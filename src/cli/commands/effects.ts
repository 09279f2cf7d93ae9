import { Command, Option } from 'commander';
import { dataOption, formatOption, reasonOption, whole } from '../options.js';
import { printable, remark, secondOf, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface EffectAnswer {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly state: string;
  readonly attempts: number;
  readonly inFlight: boolean;
  readonly next: string | null;
  readonly lastError: string | null;
}

interface Flags {
  readonly data: string;
}

const STATES = ['waiting', 'pending', 'exhausted', 'delivered', 'dropped', 'given-up'] as const;

const at = (id: string, rest: string): string => `/v1/effects/${encodeURIComponent(id)}${rest}`;

export function effectsCommand(): Command {
  const command = new Command('effects')
    .summary('what leaves the house: what waits, and what could not be delivered')
    .description('Webhooks, mail and whatever else leaves the house, in order and over hours. Times are in UTC.');
  command
    .command('ls')
    .summary('effects of a state; never what they carry')
    .addOption(new Option('--state <name>', 'the state').choices(STATES).default('waiting'))
    .addOption(new Option('--limit <n>', 'at most so many').default(100).argParser(whole(1, 500)))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(
      async ({ data, format, state, limit }: Flags & { format: 'table' | 'json'; state: string; limit: number }) => {
        await withService(data, async (service) => {
          const { effects, counts } = await service.call<{
            readonly effects: readonly EffectAnswer[];
            readonly counts: { readonly pending: number; readonly exhausted: number };
          }>('GET', `/v1/effects?state=${state}&limit=${limit}`);
          if (format === 'json') return await writeLine(JSON.stringify(effects));
          const rows = effects.map((each) => [
            ...[each.id, each.kind, printable(each.subject), each.inFlight ? 'in flight' : each.state],
            ...[each.attempts, each.next ? secondOf(each.next) : '', each.lastError ?? ''],
          ]);
          await writeLine(table(['id', 'kind', 'subject', 'state', 'attempts', 'next', 'last error'], rows));
          remark(`${counts.pending.toLocaleString('en')} pending, ${counts.exhausted.toLocaleString('en')} exhausted.`);
        });
      },
    );
  command
    .command('retry')
    .summary('try them now, with all their attempts again')
    .argument('<id...>', 'as `vigie effects ls` shows them')
    .addOption(dataOption())
    .action(async (ids: readonly string[], { data }: Flags) => {
      await withService(data, async (service) => {
        for (const id of ids) {
          await service.call('POST', at(id, '/retry'));
          remark(`Effect ${id} is tried now.`);
        }
      });
    });
  command
    .command('give-up')
    .summary('give one up for good; those behind it go on')
    .argument('<id>', 'as `vigie effects ls` shows it')
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (id: string, { data, reason }: Flags & { reason: string }) => {
      await withService(data, async (service) => {
        await service.call('POST', at(id, '/give-up'), { json: { reason } });
        remark(`Effect ${id} is given up.`);
      });
    });
  return command;
}

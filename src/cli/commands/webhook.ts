import { Command, InvalidArgumentError, Option } from 'commander';
import { MESSAGE_TYPES, type MessageType } from '../../effects/webhook-messages.js';
import { dataOption, formatOption } from '../options.js';
import { printable, remark, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface WebhookAnswer {
  readonly id: string;
  readonly name: string;
  readonly host: string | null;
  readonly types: readonly string[];
  readonly createdBy: string;
  readonly created: string;
}

interface Flags {
  readonly data: string;
}

const types = (text: string, before: readonly MessageType[] = []): readonly MessageType[] => [
  ...before,
  ...text.split(',').map((each) => {
    const type = MESSAGE_TYPES.find((known) => known === each);
    if (type === undefined) throw new InvalidArgumentError(`The types are ${MESSAGE_TYPES.join(', ')}.`);
    return type;
  }),
];

const at = (id: string, rest = ''): string => `/v1/webhooks/${encodeURIComponent(id)}${rest}`;

export function webhookCommand(): Command {
  const command = new Command('webhook')
    .summary('who is told of matches and alarms by signed webhooks')
    .description('Addresses that are told of what happens, with signatures as in Standard Webhooks.');
  command
    .command('add')
    .summary('add one; the secret of its signatures is shown once')
    .argument('<name>', 'whom or what it is for')
    .argument(
      '<url>',
      'where it goes; private addresses need --allow-fetch-from of `vigie serve`, or VIGIE_ALLOW_FETCH_FROM',
    )
    .addOption(
      new Option('--type <names>', 'what it is told of; several with commas').default(['match.found']).argParser(types),
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nTypes:\n  match.found       a medium or a link matches an entry\n  review.proposed   keywords were found\n  attention.raised  something needs somebody',
    )
    .action(async (name: string, url: string, flags: Flags & { type: readonly MessageType[] }) => {
      await withService(
        flags.data,
        async (service) => {
          const json = { name, url, types: flags.type };
          const answer = await service.call<{ webhook: WebhookAnswer; secret: string }>('POST', '/v1/webhooks', {
            json,
          });
          const { webhook, secret } = answer;
          remark(`Webhook ${webhook.id} is told of ${webhook.types.join(', ')}. Its secret is shown only now:`);
          await writeLine(secret);
        },
        { create: true },
      );
    });
  command
    .command('ls')
    .summary('all of them; of their addresses only the hosts, and no secrets')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Flags & { format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const { webhooks } = await service.call<{ webhooks: readonly WebhookAnswer[] }>('GET', '/v1/webhooks');
        if (format === 'json') return await writeLine(JSON.stringify(webhooks));
        const rows = webhooks.map(({ id, name, host, types: told, createdBy, created }) => [
          ...[id, printable(name), printable(host ?? '?'), told.join(','), printable(createdBy), created.slice(0, 10)],
        ]);
        await writeLine(table(['id', 'name', 'host', 'types', 'by', 'created'], rows));
      });
    });
  command
    .command('rm')
    .summary('remove one; what waits for it is dropped')
    .argument('<id>', 'as `vigie webhook ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        await service.call('DELETE', at(id));
        remark(`Webhook ${id} is removed.`);
      });
    });
  command
    .command('test')
    .summary('send it a test message now')
    .argument('<id>', 'as `vigie webhook ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        await service.call('POST', at(id, '/test'));
        remark('The receiver has taken the test message.');
      });
    });
  command
    .command('rotate')
    .summary('give it a new secret; the one before signs too for a day')
    .argument('<id>', 'as `vigie webhook ls` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Flags) => {
      await withService(data, async (service) => {
        const { secret } = await service.call<{ secret: string }>('POST', at(id, '/rotate'));
        remark('The new secret is shown only now; change the receiver within a day:');
        await writeLine(secret);
      });
    });
  return command;
}

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { parseRate } from '../../access/quotas.js';
import { ALL_SCOPES, isScope, SCOPES, type Scope } from '../../access/scopes.js';
import { DataDir } from '../../storage/data-dir.js';
import { rotateKeyFile } from '../../storage/open-keyring.js';
import { interrupted } from '../interrupt.js';
import { dataOption, formatOption } from '../options.js';
import { colour, printable, remark, table, writeLine } from '../output.js';
import type { ServiceClient } from '../service-client.js';
import { withService } from '../with-service.js';

interface KeyAnswer {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created: string;
  readonly revoked: string | null;
}

interface Flags {
  readonly data: string;
  readonly scope?: readonly Scope[];
  readonly rate?: string;
}

const scopes = (text: string, before: readonly Scope[] = []): readonly Scope[] => [
  ...before,
  ...text.split(',').map((each) => {
    if (!isScope(each)) throw new InvalidArgumentError(`The scopes are ${ALL_SCOPES.join(', ')}.`);
    return each;
  }),
];

const rate = (text: string): string => {
  if (parseRate(text) === undefined) throw new InvalidArgumentError('Give a rate such as 500/s, 20/min or 1000/h.');
  return text;
};

export function keyCommand(): Command {
  const command = new Command('key')
    .summary('keys for programs, and the key that seals the data')
    .description('Creates, lists and revokes API keys, and renews the key that seals the data.');
  command
    .command('create')
    .summary('create a key; it is shown once')
    .argument('<name>', 'whom or what it is for')
    .addOption(new Option('--scope <names>', 'what it may do; several with commas').argParser(scopes))
    .addOption(
      new Option('--rate <rate>', 'such as 500/s or 20/min, in place of the rates of the service').argParser(rate),
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      `\nScopes:\n${ALL_SCOPES.map((scope) => `  ${scope.padEnd(16)} ${SCOPES[scope]}`).join('\n')}\n
Without --scope the key may scan and look up, and nothing else.`,
    )
    .action(async (name: string, flags: Flags) => {
      const create = async (service: ServiceClient) => {
        const granted = flags.scope ?? ['scan', 'lookup', 'matches:detail'];
        const json = { name, scopes: granted, ...(flags.rate === undefined ? {} : { rate: flags.rate }) };
        const { key, info } = await service.call<{ key: string; info: KeyAnswer }>('POST', '/v1/keys', { json });
        remark(`Key ${info.id} for ${info.scopes.join(', ')}. It is shown only now:`);
        await writeLine(key);
      };
      await withService(flags.data, create, { create: true });
    });
  command
    .command('ls')
    .summary('list the keys')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (flags: Flags & { readonly format: 'table' | 'json' }) => {
      await withService(flags.data, async (service) => {
        const { keys } = await service.call<{ keys: readonly KeyAnswer[] }>('GET', '/v1/keys');
        if (flags.format === 'json') return await writeLine(JSON.stringify(keys));
        const rows = keys.map(({ id, name, scopes: may, created, revoked }) => [
          id,
          printable(name),
          may.length === ALL_SCOPES.length ? 'all' : may.join(','),
          created.slice(0, 10),
          revoked === null ? colour.green('active') : colour.dim(`revoked ${revoked.slice(0, 10)}`),
        ]);
        await writeLine(table(['id', 'name', 'scopes', 'created', 'state'], rows));
      });
    });
  command
    .command('revoke')
    .summary('revoke a key at once')
    .addArgument(new Argument('<id>', 'as `vigie key ls` shows it'))
    .addOption(dataOption())
    .action(async (id: string, flags: Flags) => {
      await withService(flags.data, async (service) => {
        await service.call('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
        remark(`Key ${id} is revoked.`);
      });
    });
  command
    .command('rotate-seal')
    .summary('make a new key that seals the data from now on')
    .description(
      'Makes a new first key in keys/master.key, while the service is stopped. What the older keys have sealed stays\n' +
        'readable, so they stay in the file. Keys that come from VIGIE_KEY or VIGIE_KEY_COMMAND are rotated where they are\n' +
        'kept: put the new one before the older ones, separated by a comma.',
    )
    .addOption(dataOption())
    .action(async ({ data }: Flags) => {
      await using directory = await DataDir.open(data, { signal: interrupted() });
      await rotateKeyFile(directory.keyPlace);
      remark('A new key seals what is written from now on. Keep a new copy of keys/master.key apart from the data.');
    });
  return command;
}

import { Argument, Command, Option } from 'commander';
import { ALL_SCOPES, isScope, SCOPES, type Scope } from '../../access/scopes.js';
import { VigieError } from '../../errors.js';
import { dataOption } from '../options.js';
import { colour, remark, table, writeLine } from '../output.js';
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
}

const scopes = (text: string, before: readonly Scope[] = []): readonly Scope[] => [
  ...before,
  ...text.split(',').map((each) => {
    if (!isScope(each)) throw new VigieError('usage', { detail: `there is no scope named ${each}` });
    return each;
  }),
];

export function keyCommand(): Command {
  const command = new Command('key').summary('keys for programs').description('Creates, lists and revokes API keys.');
  command
    .command('create')
    .summary('create a key; it is shown once')
    .argument('<name>', 'whom or what it is for')
    .addOption(new Option('--scope <names>', 'what it may do; several with commas').argParser(scopes))
    .addOption(dataOption())
    .addHelpText(
      'after',
      `\nScopes:\n${ALL_SCOPES.map((scope) => `  ${scope.padEnd(16)} ${SCOPES[scope]}`).join('\n')}\n
Without --scope the key may scan and look up, and nothing else.`,
    )
    .action(async (name: string, flags: Flags) => {
      await withService(flags.data, async (service) => {
        const json = { name, scopes: flags.scope ?? ['scan', 'lookup', 'matches:detail'] };
        const { key, info } = await service.call<{ key: string; info: KeyAnswer }>('POST', '/v1/keys', { json });
        remark(`Key ${info.id} for ${info.scopes.join(', ')}. It is shown only now:`);
        await writeLine(key);
      });
    });
  command
    .command('ls')
    .summary('list the keys')
    .addOption(dataOption())
    .action(async (flags: Flags) => {
      await withService(flags.data, async (service) => {
        const { keys } = await service.call<{ keys: readonly KeyAnswer[] }>('GET', '/v1/keys');
        const rows = keys.map(({ id, name, scopes: may, created, revoked }) => [
          id,
          name,
          may.join(','),
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
  return command;
}

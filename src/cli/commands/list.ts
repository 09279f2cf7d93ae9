import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { interrupted } from '../interrupt.js';
import {
  at,
  type DiffAnswer,
  diffInWords,
  historyInWords,
  inWords,
  judgedAs,
  type ListAnswer,
} from '../list-answer.js';
import { dataOption, formatOption, reasonOption, whole } from '../options.js';
import { colour, remark, table, write, writeLine } from '../output.js';
import { lostOr } from '../service-client.js';
import { withService } from '../with-service.js';
import { approvalCommand, createCommand } from './list-create.js';
import { enrichCommand } from './list-enrich.js';
import { importCommand } from './list-import.js';
import { rulesCommand } from './list-rules.js';

interface Data {
  readonly data: string;
}

interface RestoreFlags extends Data {
  readonly reason: string;
  readonly overruleSource?: true;
}

interface Format {
  readonly format: 'table' | 'json';
}

export function listCommand(): Command {
  const command = new Command('list')
    .summary('hash lists: load, look, withdraw, roll back')
    .description('Hash lists as living things. Every change goes through the running service, if there is one.');
  command.addCommand(importCommand());
  command.addCommand(enrichCommand());
  command.addCommand(rulesCommand());
  command.addCommand(createCommand());
  command.addCommand(approvalCommand());
  command
    .command('ls')
    .summary('all lists')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const { lists } = await service.call<{ lists: readonly ListAnswer[] }>('GET', '/v1/lists');
        if (format === 'json') return await writeLine(JSON.stringify(lists));
        const rows = lists.map((list) => [
          list.name,
          list.version === null ? '' : String(list.version),
          list.entries,
          Object.keys(list.signals).join(','),
          list.state === 'ready' ? colour.green(list.state) : colour.yellow(list.state),
          judgedAs(list),
          list.expires?.slice(0, 10) ?? '',
        ]);
        await writeLine(table(['list', 'version', 'entries', 'signals', 'state', 'judged as', 'expires'], rows));
      });
    });
  command
    .command('show')
    .summary('one list with its versions')
    .argument('<name>', 'the list')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (name: string, { data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const list = await service.call<ListAnswer>('GET', at(name));
        await writeLine(format === 'json' ? JSON.stringify(list) : inWords(list));
      });
    });
  command
    .command('withdraw')
    .summary('an entry stops matching, at once')
    .argument('<name>', 'the list')
    .argument('<entry>', 'the entry id that a match names')
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (name: string, entry: string, { data, reason }: Data & { reason: string }) => {
      await withService(data, async (service) => {
        const path = at(name, `/entries/${encodeURIComponent(entry)}/withdraw`);
        await service.call('POST', path, { json: { reason } });
        remark(`Entry ${entry} of ${name} is withdrawn and matches no more.`);
      });
    });
  command
    .command('restore')
    .summary('a withdrawn entry matches again')
    .argument('<name>', 'the list')
    .argument('<entry>', 'the entry id')
    .addOption(reasonOption())
    .option('--overrule-source', 'also when the source of the list has removed it')
    .addOption(dataOption())
    .action(async (name: string, entry: string, { data, reason, overruleSource }: RestoreFlags) => {
      await withService(data, async (service) => {
        const path = at(name, `/entries/${encodeURIComponent(entry)}/restore`);
        await service.call('POST', path, { json: { reason, ...(overruleSource && { overrule: true }) } });
        remark(`Entry ${entry} of ${name} matches again.`);
      });
    });
  command
    .command('history')
    .summary('versions of a list, newest first')
    .argument('<name>', 'the list')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (name: string, { data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const { versions } = await service.call<ListAnswer>('GET', at(name));
        await writeLine(format === 'json' ? JSON.stringify(versions) : historyInWords(versions));
      });
    });
  command
    .command('diff')
    .summary('how two versions differ, in counts')
    .argument('<name>', 'the list')
    .argument('<from>', 'the version that is compared with', whole(1, Number.MAX_SAFE_INTEGER))
    .argument('<to>', 'the version that is looked at', whole(1, Number.MAX_SAFE_INTEGER))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (name: string, from: number, to: number, { data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const signal = interrupted();
        const diff = await service.call<DiffAnswer>('GET', at(name, `/diff?from=${from}&to=${to}`), { signal });
        await writeLine(format === 'json' ? JSON.stringify(diff) : diffInWords(diff));
      });
    });
  command
    .command('rollback')
    .summary('an older version is the current one again, at once')
    .argument('<name>', 'the list')
    .addOption(
      new Option('--to <version>', 'the version; the one before the current one if left out').argParser(
        whole(1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(dataOption())
    .action(async (name: string, { data, to }: Data & { to?: number }) => {
      await withService(data, async (service) => {
        const json = to === undefined ? {} : { version: to };
        const list = await service.call<ListAnswer>('POST', at(name, '/rollback'), { json });
        remark(`${name} is at version ${list.version} with ${list.entries.toLocaleString('en')} entries.`);
      });
    });
  command
    .command('remove')
    .summary('remove a list and its segments')
    .argument('<name>', 'the list')
    .addOption(dataOption())
    .action(async (name: string, { data }: Data) => {
      await withService(data, async (service) => {
        await service.call('DELETE', at(name));
        remark(`${name} is removed.`);
      });
    });
  command
    .command('export')
    .summary('write a list out, with its fingerprints')
    .argument('<name>', 'the list')
    .addOption(new Option('--format <name>', 'how to write').choices(['csv', 'jsonl']).default('csv'))
    .option('--i-am-allowed', 'you have the right to hold this list in clear')
    .addOption(dataOption())
    .addHelpText('after', '\nThe file is as secret as the list. It goes to standard output.')
    .action(async (name: string, flags: Data & { format: string; iAmAllowed?: true }) => {
      if (flags.iAmAllowed !== true) throw new VigieError('export-refused');
      await withService(flags.data, async (service) => {
        const response = await service.request('GET', at(name, `/export?format=${flags.format}&allowed=true`), {
          signal: interrupted(),
        });
        try {
          for await (const chunk of response.body) await write(chunk as Uint8Array);
        } catch (cause) {
          throw lostOr(cause);
        }
      });
    });
  return command;
}

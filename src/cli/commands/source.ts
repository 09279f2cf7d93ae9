import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import {
  addKinds,
  addNamed,
  changedShape,
  credentialsOption,
  kindNamed,
  type Shape,
  settingsOption,
  shapeOf,
  tellFacts,
} from '../kind-fields.js';
import { dataOption, formatOption, whole } from '../options.js';
import { remark, table, writeLine } from '../output.js';
import { SOURCE_COLUMNS, type SourceAnswer, sourceInWords, sourceRow } from '../source-lines.js';
import { withService } from '../with-service.js';

interface Data {
  readonly data: string;
}

interface Format {
  readonly format: 'table' | 'json';
}

interface Rates {
  readonly every?: number;
  readonly hold?: number;
}

const at = (name: string, rest = ''): string => `/v1/sources/${encodeURIComponent(name)}${rest}`;

const everyOption = () => new Option('--every <seconds>', 'how often it is synced').argParser(whole(5, 31 * 86_400));
const holdOption = () =>
  new Option('--hold <percent>', 'what would remove more of the list waits for a person').argParser(whole(0, 100));

export function sourceCommand(): Command {
  const command = new Command('source')
    .summary('where lists come from: hotlines and exchanges that are synced')
    .description('Sources of lists. Settings and credentials come from files, standard input or the terminal.');
  addKinds(command, 'source');
  command
    .command('add')
    .summary('add one; its first sync begins at once')
    .argument('<name>', 'the source')
    .argument('<kind>', 'as `vigie source kinds` names it')
    .option('--list <name>', 'the list that it feeds; named as the source if left out')
    .addOption(settingsOption())
    .addOption(credentialsOption())
    .addOption(everyOption())
    .addOption(holdOption())
    .option('--test', 'test the connection first, and add it only if that works')
    .addOption(dataOption())
    .action(async (name: string, kind: string, flags: Data & Shape & Rates & { list?: string; test?: true }) => {
      await withService(
        flags.data,
        async (service) => {
          const needs = await kindNamed(service, 'source', kind);
          if (needs === undefined) throw new VigieError('source-kind-unknown');
          const json = { kind, ...(await shapeOf(flags, needs)) };
          if (flags.test) await tellFacts(service, 'source', '/v1/sources/try', { json });
          const { list, every, hold } = flags;
          const rest = { ...(list === undefined ? {} : { list }), ...ratesOf({ every, hold }) };
          const source = await service.call<SourceAnswer>('POST', '/v1/sources', { json: { name, ...json, ...rest } });
          remark(`The list ${source.list} comes from ${source.title} now. See \`vigie source show ${name}\`.`);
        },
        { create: true },
      );
    });
  command
    .command('ls')
    .summary('all of them with their state and next sync')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const { sources } = await service.call<{ sources: readonly SourceAnswer[] }>('GET', '/v1/sources');
        await writeLine(format === 'json' ? JSON.stringify(sources) : table(SOURCE_COLUMNS, sources.map(sourceRow)));
      });
    });
  named(command, 'show', 'one of them, with what it told and what waits for a person')
    .addOption(formatOption())
    .action(async (name: string, { data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const source = await service.call<SourceAnswer>('GET', at(name));
        await writeLine(format === 'json' ? JSON.stringify(source) : sourceInWords(source));
      });
    });
  named(command, 'test', 'test the connection').action(async (name: string, { data }: Data) => {
    await withService(data, (service) => tellFacts(service, 'source', at(name, '/test'), {}));
  });
  named(command, 'sync', 'sync it now').action(async (name: string, { data }: Data) => {
    await withService(data, async (service) => {
      await service.call('POST', at(name, '/sync'));
      remark(`${name} is synced as soon as a running service comes to it.`);
    });
  });
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    const summary = enabled ? 'sync it again' : 'do not sync it; its list stays as it is';
    named(command, verb, summary).action(async (name: string, { data }: Data) => {
      await withService(data, async (service) => {
        await service.call('PUT', at(name), { json: { enabled } });
        remark(`${name} is ${enabled ? 'synced again' : 'not synced any more'}.`);
      });
    });
  }
  named(command, 'set', 'change its settings, credentials or how often it is synced')
    .addOption(settingsOption())
    .addOption(credentialsOption())
    .addOption(everyOption())
    .addOption(holdOption())
    .addHelpText('after', '\nWhat is given takes the place of what was there. Nothing is asked for on the terminal.')
    .action(async (name: string, { data, every, hold, ...shape }: Data & Shape & Rates) => {
      const json = { ...(await changedShape(shape)), ...ratesOf({ every, hold }) };
      if (Object.keys(json).length === 0) throw new VigieError('usage', { detail: 'nothing to change was given' });
      await withService(data, async (service) => {
        await service.call('PUT', at(name), { json });
        remark(`${name} is changed, and synced anew.`);
      });
    });
  for (const [verb, summary, done] of [
    ['approve', 'let a held change take effect', 'takes effect in the next sync, which begins at once'],
    ['refuse', 'leave the list as it is', 'does not take effect'],
  ] as const) {
    named(command, verb, summary)
      .option('--change <id>', 'only if it is this one, as `vigie source show` names it')
      .action(async (name: string, { data, change }: Data & { change?: string }) => {
        await withService(data, async (service) => {
          const json = change === undefined ? {} : { held: change };
          const { held } = await service.call<SourceAnswer>('POST', at(name, `/${verb}`), { json });
          remark(`The removal of ${held?.removed.toLocaleString('en') ?? '?'} entries ${done}.`);
        });
      });
  }
  named(command, 'rm', 'remove it with its credentials; its list stays')
    .option('--with-list', 'remove its list too')
    .action(async (name: string, { data, withList }: Data & { withList?: true }) => {
      await withService(data, async (service) => {
        await service.call('DELETE', `${at(name)}?withList=${withList === true}`);
        remark(`${name} is removed${withList ? ' with its list' : '; its list stays as it is'}.`);
      });
    });
  return command;
}

const named = (command: Command, name: string, summary: string) => addNamed(command, 'source', name, summary);
function ratesOf({ every, hold }: { readonly every?: number | undefined; readonly hold?: number | undefined }) {
  return {
    ...(every === undefined ? {} : { everySeconds: every }),
    ...(hold === undefined ? {} : { holdPercent: hold }),
  };
}

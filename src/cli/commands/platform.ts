import { Command } from 'commander';
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
import { dataOption, formatOption } from '../options.js';
import { remark, table, writeLine } from '../output.js';
import {
  PLATFORM_COLUMNS,
  type PlatformAnswer,
  platformInWords,
  platformRow,
  type TimesAnswer,
  timesInWords,
} from '../platform-lines.js';
import { withService } from '../with-service.js';

interface Data {
  readonly data: string;
}

interface Format {
  readonly format: 'table' | 'json';
}

const at = (name: string, rest = ''): string => `/v1/platforms/${encodeURIComponent(name)}${rest}`;

export function platformCommand(): Command {
  const command = new Command('platform')
    .summary('where media are shared and acted on: Telegram, XMPP, Matrix and others')
    .description('Connections to platforms. Settings and credentials come from files, standard input or the terminal.');
  addKinds(command, 'platform');
  command
    .command('add')
    .summary('connect one; it is a dry run until `vigie platform live`')
    .argument('<name>', 'the platform; items that come from it bear this name')
    .argument('<kind>', 'as `vigie platform kinds` names it')
    .addOption(settingsOption())
    .addOption(credentialsOption())
    .option('--live', 'act on it from the first moment, without a dry run')
    .option('--test', 'test the connection first, and add it only if that works')
    .addOption(dataOption())
    .action(async (name: string, kind: string, flags: Data & Shape & { live?: true; test?: true }) => {
      await withService(
        flags.data,
        async (service) => {
          const needs = await kindNamed(service, 'platform', kind);
          if (needs === undefined) throw new VigieError('platform-kind-unknown');
          const json = { kind, ...(await shapeOf(flags, needs)) };
          if (flags.test) await tellFacts(service, 'platform', '/v1/platforms/try', { json });
          const dryRun = flags.live !== true;
          const { title } = await service.call<PlatformAnswer>('POST', '/v1/platforms', {
            json: { name, ...json, dryRun },
          });
          const next = dryRun
            ? `What would be done is written down only, until \`vigie platform live ${name}\`.`
            : 'What matches is acted on.';
          remark(`${title} is connected as ${name}. ${next}`);
        },
        { create: true },
      );
    });
  command
    .command('ls')
    .summary('all of them with their state')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const { platforms } = await service.call<{ platforms: readonly PlatformAnswer[] }>('GET', '/v1/platforms');
        const shown = table(PLATFORM_COLUMNS, platforms.map(platformRow));
        await writeLine(format === 'json' ? JSON.stringify(platforms) : shown);
      });
    });
  named(command, 'show', 'one of them')
    .addOption(formatOption())
    .action(async (name: string, { data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const platform = await service.call<PlatformAnswer>('GET', at(name));
        await writeLine(format === 'json' ? JSON.stringify(platform) : platformInWords(platform));
      });
    });
  named(command, 'times', 'how long it takes from a shared item to its removal')
    .addOption(formatOption())
    .action(async (name: string, { data, format }: Data & Format) => {
      await withService(data, async (service) => {
        const { spans } = await service.call<TimesAnswer>('GET', at(name, '/times'));
        await writeLine(format === 'json' ? JSON.stringify(spans) : timesInWords(spans));
      });
    });
  named(command, 'test', 'test the connection').action(async (name: string, { data }: Data) => {
    await withService(data, (service) => tellFacts(service, 'platform', at(name, '/test'), {}));
  });
  for (const [verb, change, summary, done] of [
    ['live', { dryRun: false }, 'act on it', 'What is ordered from now on is carried out'],
    ['dry-run', { dryRun: true }, 'write down what would be done, and do nothing', 'Nothing is carried out any more'],
    ['enable', { enabled: true }, 'connect it again', 'It is connected again'],
    ['disable', { enabled: false }, 'disconnect it, and keep its settings', 'It is disconnected'],
  ] as const) {
    named(command, verb, summary).action(async (name: string, { data }: Data) => {
      await withService(data, async (service) => {
        await service.call('PUT', at(name), { json: change });
        remark(`${done}: ${name}.`);
      });
    });
  }
  named(command, 'set', 'change its settings or credentials')
    .addOption(settingsOption())
    .addOption(credentialsOption())
    .addHelpText('after', '\nWhat is given takes the place of what was there. Nothing is asked for on the terminal.')
    .action(async (name: string, { data, ...shape }: Data & Shape) => {
      const json = await changedShape(shape);
      if (Object.keys(json).length === 0) throw new VigieError('usage', { detail: 'nothing to change was given' });
      await withService(data, async (service) => {
        await service.call('PUT', at(name), { json });
        remark(`${name} is changed, and connected anew.`);
      });
    });
  named(command, 'rm', 'disconnect it and forget its credentials').action(async (name: string, { data }: Data) => {
    await withService(data, async (service) => {
      await service.call('DELETE', at(name));
      remark(`${name} is removed.`);
    });
  });
  return command;
}

const named = (command: Command, name: string, summary: string) => addNamed(command, 'platform', name, summary);

import { Command, Option } from 'commander';
import { dataOption, formatOption } from '../options.js';
import { colour, printable, remark, table, writeLine } from '../output.js';
import { endOfDay } from '../until.js';
import { withService } from '../with-service.js';

interface SwitchAnswer {
  readonly jurisdiction: string;
  readonly legalBasis: string;
  readonly until: string;
  readonly state: 'on' | 'over' | 'off';
  readonly switchedOnBy: string;
}

interface Flags {
  readonly data: string;
}

const jurisdictionOption = (): Option =>
  new Option('--jurisdiction <code>', 'ISO 3166, such as DE or US-CA').makeOptionMandatory();

export function privateCommand(): Command {
  const command = new Command('private')
    .summary('whether items of private surfaces are looked at')
    .description(
      'Items of private surfaces are refused, except in a jurisdiction that is switched on, on a named legal basis and\n' +
        'until an end. End-to-end encrypted content is never taken.',
    );
  command
    .command('on')
    .summary('look at private surfaces of a jurisdiction')
    .addOption(jurisdictionOption())
    .addOption(new Option('--basis <text>', 'the law that allows it').makeOptionMandatory())
    .addOption(
      new Option('--until <date>', 'the last day, a year ahead at the most').argParser(endOfDay).makeOptionMandatory(),
    )
    .addOption(dataOption())
    .action(async (flags: Flags & { jurisdiction: string; basis: string; until: string }) => {
      const json = { jurisdiction: flags.jurisdiction, legalBasis: flags.basis, until: flags.until };
      await withService(flags.data, async (service) => {
        await service.call('POST', '/v1/private-switches', { json });
        remark(`Private surfaces of ${flags.jurisdiction} are looked at until ${flags.until}.`);
      });
    });
  command
    .command('off')
    .summary('look at them no longer')
    .addOption(jurisdictionOption())
    .addOption(dataOption())
    .action(async ({ data, jurisdiction }: Flags & { jurisdiction: string }) => {
      await withService(data, async (service) => {
        await service.call('DELETE', `/v1/private-switches/${encodeURIComponent(jurisdiction)}`);
        remark(`Private surfaces of ${jurisdiction} are not looked at any more.`);
      });
    });
  command
    .command('ls')
    .summary('list what is and was on')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Flags & { readonly format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const { switches } = await service.call<{ switches: readonly SwitchAnswer[] }>('GET', '/v1/private-switches');
        if (format === 'json') return await writeLine(JSON.stringify(switches));
        const rows = switches.map(({ jurisdiction, legalBasis, until: end, state, switchedOnBy }) => [
          jurisdiction,
          state === 'on' ? colour.green('on') : colour.dim(state),
          end.slice(0, 10),
          printable(legalBasis),
          printable(switchedOnBy),
        ]);
        await writeLine(table(['jurisdiction', 'state', 'until', 'basis', 'by'], rows));
      });
    });
  return command;
}

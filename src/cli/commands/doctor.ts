import { Command, Option } from 'commander';
import type { Finding } from '../../doctor/finding.js';
import { dataOption } from '../options.js';
import { colour, table, writeLine } from '../output.js';

const MARK = { good: colour.green('✓'), limited: colour.yellow('!'), bad: colour.red('✗') } as const;

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('what holds on this machine, and what does not')
    .description(
      'Tries things and says what holds: decoders, sandbox, disk, lock, keys, clock, database, shared places. Changes nothing.',
    )
    .addOption(dataOption())
    .addOption(new Option('--format <name>', 'how to write').choices(['table', 'json']).default('table'))
    .addHelpText('after', '\nExit code: 0 when nothing is bad, 1 otherwise.')
    .action(async ({ data, format }: { data: string; format: string }) => {
      const { examine } = await import('../../doctor.js');
      const findings = await examine({ dataDir: data, databaseUrl: process.env['DATABASE_URL'] });
      if (format === 'json') await writeLine(JSON.stringify(findings));
      else await writeLine(asTable(findings));
      process.exitCode = findings.some(({ state }) => state === 'bad') ? 1 : 0;
    });
}

function asTable(findings: readonly Finding[]): string {
  return table(
    ['', 'what', 'found', 'what to do'],
    findings.map(({ state, what, found, remedy }) => [MARK[state], what, found, remedy ?? '']),
  );
}

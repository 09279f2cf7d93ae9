import { Argument, Command, Option } from 'commander';
import { BENCH_NAMES, BENCHES, type BenchName } from '../../../bench/benches.js';
import { type BenchOptions, type BenchResult, machine } from '../../../bench/harness.js';
import { size, whole } from '../options.js';
import { colour, remark, table, writeLine } from '../output.js';

interface Flags {
  readonly entries?: number;
  readonly rounds?: number;
  readonly format: 'table' | 'json';
}

export function benchCommand(): Command {
  return new Command('bench')
    .summary('measure this machine, side by side')
    .description(
      'Runs measurements side by side in one run; the ratios say more than the times, which depend on the machine.\n' +
        'Without a name it runs them all.',
    )
    .addArgument(new Argument('[name]').choices([...BENCH_NAMES]))
    .addOption(new Option('--entries <count>', 'list entries, where it applies').argParser(size))
    .addOption(new Option('--rounds <n>', 'interleaved rounds').argParser(whole(1, 1_000)))
    .addOption(new Option('--format <name>', 'how to write').choices(['table', 'json']).default('table'))
    .action(async (name: BenchName | undefined, { entries, rounds, format }: Flags) => {
      for (const each of name === undefined ? BENCH_NAMES : [name]) {
        const options: BenchOptions = {
          progress: (text) => remark(colour.dim(`${each}: ${text}`)),
          ...(entries === undefined ? {} : { entries }),
          ...(rounds === undefined ? {} : { rounds }),
        };
        const run = await BENCHES[each]();
        const result: BenchResult = { name: each, machine: machine(), rows: await run(options) };
        await writeLine(format === 'json' ? JSON.stringify(result) : asTable(result));
      }
    });
}

const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString();

function asTable({ name, machine: where, rows }: BenchResult): string {
  const cells = rows.map(({ what, value, unit, ratio, against }) => [
    what,
    `${figure(value)} ${unit}`,
    ratio === undefined ? '' : `${figure(ratio)}×`,
    against ?? '',
  ]);
  return `${colour.bold(name)} on ${where}\n${table(['what', 'value', 'ratio', 'against'], cells)}\n`;
}

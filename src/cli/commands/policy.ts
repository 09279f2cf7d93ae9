import { Command, InvalidArgumentError, Option } from 'commander';
import { problemLines, readPolicy } from '../../policy/read-policy.js';
import { dataOption, formatOption, whole } from '../options.js';
import { colour, printable, remark, table, writeLine } from '../output.js';
import {
  activeOf,
  type BacktestAnswer,
  backtestInWords,
  type DiffAnswer,
  diffInWords,
  type ExplainAnswer,
  explainInWords,
  type PolicyAnswer,
  type Problem,
  policyRow,
} from '../policy-lines.js';
import { readAll } from '../read-pieces.js';
import { withService } from '../with-service.js';

interface Flags {
  readonly data: string;
  readonly format: 'table' | 'json';
}

const EXIT_PROBLEMS = 1;
const at = (number: number, rest = ''): string => `/v1/policies/${number}${rest}`;
const ask = async (service: { call<T>(method: 'GET', path: string): Promise<T> }) =>
  (await service.call<{ policies: readonly PolicyAnswer[] }>('GET', '/v1/policies')).policies;

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError('Give the number of a version, as `vigie policy ls` shows it.');
  return Number(text);
}

export function policyCommand(): Command {
  const command = new Command('policy')
    .summary('what is done about verdicts: check, add, try, activate')
    .description('Versions of the policy: rules that say what is done about which verdicts. See docs/policy.md.');
  command
    .command('check')
    .summary('what is wrong with a file, line by line; needs no service')
    .argument('<file>', 'the policy; - for standard input')
    .action(async (file: string) => {
      const { policy, problems } = readPolicy(await readAll(file));
      if (policy === undefined) {
        process.exitCode = EXIT_PROBLEMS;
        return await writeLine(problemLines(problems, printable(file)));
      }
      remark(`${printable(file)} can be used: ${policy.rules.length} rules.`);
    });
  command
    .command('add')
    .summary('keep a file as a draft')
    .argument('<file>', 'the policy; - for standard input')
    .requiredOption('--note <text>', 'what is new in it, for people')
    .addOption(dataOption())
    .action(async (file: string, { data, note }: Flags & { note: string }) => {
      const source = await readAll(file);
      const { problems } = readPolicy(source);
      if (problems.length > 0) {
        process.exitCode = EXIT_PROBLEMS;
        return await writeLine(problemLines(problems, printable(file)));
      }
      await withService(
        data,
        async (service) => {
          const json = { source, note };
          const made = await service.call<PolicyAnswer & Warned>('POST', '/v1/policies', { json });
          warn(made, file);
          const { number } = made;
          remark(`It is version ${number}, a draft. Try it: \`vigie policy backtest ${number}\`; then activate it.`);
        },
        { create: true },
      );
    });
  command
    .command('ls')
    .summary('all versions')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: Flags) => {
      await withService(data, async (service) => {
        const policies = await ask(service);
        const columns = ['version', 'state', 'note', 'by', 'added', 'activated'];
        await writeLine(format === 'json' ? JSON.stringify(policies) : table(columns, policies.map(policyRow)));
      });
    });
  command
    .command('show')
    .summary('a version as it was written')
    .argument('[number]', 'the active one if left out', numberOf)
    .addOption(dataOption())
    .action(async (number: number | undefined, { data }: Flags) => {
      await withService(data, async (service) => {
        const wanted = number ?? activeOf(await ask(service));
        const { source } = await service.call<{ source: string }>('GET', at(wanted));
        await writeLine(source.trimEnd());
      });
    });
  command
    .command('activate')
    .summary('judge verdicts by a version from now on, in every process')
    .argument('<number>', 'the version', numberOf)
    .requiredOption('--reason <text>', 'why, for the record')
    .addOption(dataOption())
    .action(async (number: number, { data, reason }: Flags & { reason: string }) => {
      await withService(data, async (service) => {
        warn(await service.call<Warned>('POST', at(number, '/activate'), { json: { reason } }), `policy ${number}`);
        remark(`Verdicts are judged by version ${number} from now on.`);
      });
    });
  command
    .command('diff')
    .summary('what another version says otherwise, rule by rule')
    .argument('<from>', 'a version', numberOf)
    .argument('<to>', 'another', numberOf)
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (from: number, to: number, { data, format }: Flags) => {
      await withService(data, async (service) => {
        const diff = await service.call<DiffAnswer>('GET', at(from, `/diff?to=${to}`));
        await writeLine(format === 'json' ? JSON.stringify(diff) : diffInWords(diff));
      });
    });
  command
    .command('backtest')
    .summary('what a version or a file would have proposed for what was seen; nothing is done')
    .argument('<version>', 'a number, or a file; - for standard input')
    .addOption(new Option('--days <n>', 'so far back').default(7).argParser(whole(1, 400)))
    .addOption(new Option('--limit <n>', 'verdicts at the most').default(100_000).argParser(whole(1, 1_000_000)))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (version: string, { data, format, days, limit }: Flags & { days: number; limit: number }) => {
      const of = /^[1-9]\d{0,8}$/.test(version) ? { number: Number(version) } : { source: await readAll(version) };
      await withService(data, async (service) => {
        const json = { ...of, days, limit };
        const report = await service.call<BacktestAnswer>('POST', '/v1/policies/backtest', { json });
        await writeLine(format === 'json' ? JSON.stringify(report) : backtestInWords(report));
      });
    });
  command
    .command('explain')
    .summary('which rules match the last verdict of an item, and why each other does not')
    .argument('<item>', 'our id of it')
    .addOption(new Option('--policy <number>', 'the active one if left out').argParser(numberOf))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (item: string, { data, format, policy }: Flags & { policy?: number }) => {
      await withService(data, async (service) => {
        const wanted = policy ?? activeOf(await ask(service));
        const path = at(wanted, `/explain?item=${encodeURIComponent(item)}`);
        const told = await service.call<ExplainAnswer>('GET', path);
        await writeLine(format === 'json' ? JSON.stringify(told) : explainInWords(told));
      });
    });
  return command;
}

interface Warned {
  readonly warnings: readonly Problem[];
}

function warn({ warnings }: Warned, file: string): void {
  if (warnings.length > 0) remark(colour.yellow(problemLines(warnings, printable(file))));
}

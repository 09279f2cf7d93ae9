import { Command, InvalidArgumentError, Option } from 'commander';
import type { EntryRules, ListRole, Thresholds } from '../../storage/list-rules.js';
import { at } from '../list-answer.js';
import { dataOption, formatOption, whole } from '../options.js';
import { colour, printable, remark, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface RulesAnswer {
  readonly role: ListRole;
  readonly shadow: boolean;
  readonly rules: EntryRules;
  readonly thresholds: Thresholds;
  readonly sampleRatio: number;
}

interface Flags {
  readonly data: string;
  readonly format: 'table' | 'json';
  readonly role?: ListRole;
  readonly shadow?: 'on' | 'off';
  readonly grades?: readonly string[];
  readonly kinds?: readonly string[];
  readonly members?: readonly string[];
  readonly notMembers?: readonly string[];
  readonly dropAtNegative?: number;
  readonly needAffirmative?: number;
  readonly threshold?: Thresholds;
  readonly sample?: number;
  readonly reset?: true;
}

/** `vigie list rules`: without an option it shows, with one it changes. */
export function rulesCommand(): Command {
  return new Command('rules')
    .summary('how matches of a list are judged: show, change')
    .description(
      'Shows how the matches of a list are judged. With an option it is changed, at once and in every process.',
    )
    .argument('<name>', 'the list')
    .addOption(
      new Option('--role <role>', 'allow: known good, which overrules near matches').choices(['block', 'allow']),
    )
    .addOption(new Option('--shadow <state>', 'on: matches are told, nothing follows').choices(['on', 'off']))
    .addOption(new Option('--grades <a,b>', 'only entries of these grades').argParser(words))
    .addOption(new Option('--kinds <a,b>', 'only entries of these kinds').argParser(words))
    .addOption(new Option('--members <a,b>', 'only what one of these members gave or affirms').argParser(words))
    .addOption(new Option('--not-members <a,b>', 'nothing that one of these members gave').argParser(words))
    .addOption(
      new Option('--drop-at-negative <n>', 'no entry that so many members speak against').argParser(whole(1, 255)),
    )
    .addOption(new Option('--need-affirmative <n>', 'only what so many members stand for').argParser(whole(1, 255)))
    .addOption(new Option('--threshold <type=n>', 'radius of pdq, vpdq or photodna; may be repeated').argParser(radius))
    .addOption(new Option('--sample <ratio>', 'share of media that the list is applied to, 0 to 1').argParser(ratio))
    .option('--reset', 'take back rules, radii and sample; role and shadow stay')
    .addOption(formatOption())
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Examples:
  vigie list rules hotline --grades A,B --drop-at-negative 1
  vigie list rules trial --shadow on --sample 0.1
  vigie list rules known-good --role allow
  vigie list rules hotline --reset`,
    )
    .action(run);
}

async function run(name: string, flags: Flags): Promise<void> {
  await withService(flags.data, async (service) => {
    const before = await service.call<RulesAnswer>('GET', at(name, '/rules'));
    const json = changeOf(flags, before);
    const changed = Object.keys(json).length > 0;
    const now = changed ? await service.call<RulesAnswer>('POST', at(name, '/rules'), { json }) : before;
    if (changed) remark(`The matches of ${name} are judged so from now on.`);
    await writeLine(flags.format === 'json' ? JSON.stringify(now) : inWords(now));
  });
}

function changeOf(flags: Flags, before: RulesAnswer): Partial<RulesAnswer> {
  const { role, shadow, sample, reset, threshold } = flags;
  const { grades, kinds, members, notMembers, dropAtNegative, needAffirmative } = flags;
  const asked = Object.entries({ grades, kinds, members, notMembers, dropAtNegative, needAffirmative }).filter(
    ([, value]) => value !== undefined,
  );
  const from = reset === true ? {} : before.rules;
  const radii = reset === true ? {} : before.thresholds;
  return {
    ...(role === undefined ? {} : { role }),
    ...(shadow === undefined ? {} : { shadow: shadow === 'on' }),
    ...(asked.length === 0 && reset !== true ? {} : { rules: { ...from, ...Object.fromEntries(asked) } }),
    ...(threshold === undefined && reset !== true ? {} : { thresholds: { ...radii, ...threshold } }),
    ...(sample === undefined ? (reset === true ? { sampleRatio: 1 } : {}) : { sampleRatio: sample }),
  };
}

function inWords({ role, shadow, rules, thresholds, sampleRatio }: RulesAnswer): string {
  const list = (all: readonly string[] | undefined) => all?.map(printable).join(', ') ?? '';
  const facts: [string, string][] = [
    ['role', role === 'allow' ? 'allow: known good, overrules near matches' : 'block'],
    ['shadow', shadow ? colour.yellow('on: nothing follows from its matches') : 'off'],
    ['grades', list(rules.grades)],
    ['kinds', list(rules.kinds)],
    ['members', list(rules.members)],
    ['not members', list(rules.notMembers)],
    ['dropped at', rules.dropAtNegative === undefined ? '' : `${rules.dropAtNegative} members against it`],
    ['needs', rules.needAffirmative === undefined ? '' : `${rules.needAffirmative} members who stand for it`],
    [
      'radius',
      Object.entries(thresholds)
        .map(([type, bits]) => `${type} ${bits}`)
        .join(', '),
    ],
    ['applied to', sampleRatio === 1 ? '' : `${(100 * sampleRatio).toLocaleString('en')} % of media`],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${colour.dim(key.padEnd(13))}${value}`)
    .join('\n');
}

function words(text: string): readonly string[] {
  const all = text.split(',').map((word) => word.trim());
  if (all.some((word) => word === '')) throw new InvalidArgumentError('Give words with commas between them.');
  return all;
}

function radius(text: string, before: Thresholds = {}): Thresholds {
  const [, type, bits] = /^(pdq|vpdq|photodna)=(\d{1,10})$/.exec(text) ?? [];
  if (type === undefined)
    throw new InvalidArgumentError('Give type=radius, such as pdq=24; types: pdq, vpdq, photodna.');
  return { ...before, [type]: Number(bits) };
}

function ratio(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.');
  return share;
}

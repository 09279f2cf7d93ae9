import { asksOfFinding, coversConditions, INDEPENDENT } from './condition-table.js';
import { OF_MEDIA } from './finding-conditions.js';
import type { Conditions, Policy, Rule, RuleAct } from './policy.js';
import { PROVISIONAL, type ProposedAct } from './proposal.js';

/** What is wrong with a rule, and where it stands: a path below the rule, such as `when.distance`. */
export interface Contradiction {
  readonly rule: number;
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Beyond it, PDQ hashes of pictures that have nothing to do with each other meet. */
const FARTHEST_PDQ = 31;
const SANCTIONS: readonly ProposedAct[] = ['suspend-account', 'close-room'];
/** Doing both is the same as the first alone, or undone by it. */
const EXCLUDING: readonly (readonly [ProposedAct, ProposedAct])[] = [
  ['remove', 'hide'],
  ['remove', 'block'],
  ['hide', 'block'],
  ['close-room', 'restrict-room'],
];

/** Everything for which a policy cannot be used although each of its parts is well-formed. */
export function contradictionsOf({ rules }: Policy): readonly Contradiction[] {
  return rules.flatMap((rule, i) => {
    const own = [...ofName(rules, i), ...ofConditions(rule.when), ...ofActs(rule), ...ofReach(rules, i)];
    return own.map(([path, text]) => ({ rule: i, path, text }));
  });
}

type Found = readonly [path: readonly (string | number)[], text: string];

function ofName(rules: readonly Rule[], i: number): Found[] {
  const name = rules[i]?.name;
  const first = rules.findIndex((each) => each.name === name);
  return first < i ? [[['name'], `a rule of this name stands in line ${rules[first]?.line} already`]] : [];
}

const within = <Word>(words: readonly Word[] | undefined, allowed: readonly Word[]): boolean =>
  words?.every((each) => allowed.includes(each)) === true;

function ofConditions(when: Conditions): Found[] {
  const found: Found[] = [];
  const say = (key: keyof Conditions, text: string) => found.push([['when', key], text]);
  const { verdict, reason, found: kinds, distance, signal, link, extent } = when;
  const keyword = kinds?.includes('keyword') === true;
  const ofMedia = OF_MEDIA.filter((key) => when[key] !== undefined);
  for (const key of ofMedia) {
    if (kinds !== undefined && !kinds.includes('medium')) say(key, 'is asked of media, and the rule asks for no media');
    if (link !== undefined) say(key, 'is asked of media, and `link` of links: nothing is both');
  }
  if (link !== undefined && kinds !== undefined && !kinds.includes('link')) say('link', 'the rule asks for no links');
  if (reason !== undefined && within(verdict, ['match'])) say('reason', 'a match has no reason');
  const needsMatch = asksOfFinding(when) && !keyword;
  if (needsMatch && verdict !== undefined && !verdict.includes('match')) {
    say('verdict', 'what was found makes the verdict `match`: this can never hold');
  }
  if (keyword && when[INDEPENDENT] !== undefined) say(INDEPENDENT, 'keywords never count as signals');
  if (when[INDEPENDENT] !== undefined && within(extent, ['partial']))
    say(INDEPENDENT, 'a partial overlap never counts');
  if (distance !== undefined) found.push(...ofDistance(distance.to, signal));
  return found;
}

function ofDistance(to: number, signal: Conditions['signal']): Found[] {
  const path = ['when', 'distance'];
  if (signal?.includes('photodna') && signal.length > 1) {
    return [[path, 'PhotoDNA measures in another unit: give it a rule of its own']];
  }
  if (signal?.includes('photodna') || to <= FARTHEST_PDQ) return [];
  return [[path, `beyond ${FARTHEST_PDQ} differing bits pictures that have nothing in common meet`]];
}

function ofActs(rule: Rule): Found[] {
  const { when, do: acts } = rule;
  const found: Found[] = [];
  for (const [i, each] of acts.entries()) {
    const path = ['do', i];
    if (acts.findIndex(({ act }) => act === each.act) < i) found.push([path, `${each.act} stands here twice`]);
    const wrong = groundless(when, each);
    if (wrong !== undefined) found.push([path, wrong]);
  }
  for (const [first, second] of EXCLUDING) {
    const [one, other] = [first, second].map((act) => acts.find((each) => each.act === act));
    // One that waits for a person, and one that holds until then, go together.
    if (one === undefined || other === undefined || one.needsPerson !== other.needsPerson) continue;
    found.push([
      ['do', acts.indexOf(other)],
      `${second} and ${first} exclude each other, unless one of them needs a person`,
    ]);
  }
  return found;
}

/** @returns why an act cannot follow from the conditions of its rule */
function groundless(when: Conditions, { act, needsPerson }: RuleAct): string | undefined {
  if (act === 'open-case') return undefined;
  if (when['score-at-least'] !== undefined) return `a score may open a case and nothing else: it cannot ${act}`;
  if (when.found?.includes('keyword')) return `keywords are for people: they may open a case, and cannot ${act}`;
  const matched = asksOfFinding(when) || within(when.verdict, ['match']);
  const provisional = PROVISIONAL.includes(act);
  if (!matched && !(provisional && within(when.verdict, ['match', 'could-not-tell']))) {
    return `${act} needs something that was found: add \`verdict: match\`, or conditions of what was found`;
  }
  if (SANCTIONS.includes(act) && !needsPerson && when[INDEPENDENT] === undefined) {
    return `${act} needs a person (\`${act}: { needs: person }\`), or \`${INDEPENDENT}: 2\``;
  }
  return undefined;
}

function ofReach(rules: readonly Rule[], i: number): Found[] {
  const rule = rules[i];
  if (rule === undefined) return [];
  const wider = rules.slice(0, i).find((each) => each.next === 'stop' && coversConditions(each.when, rule.when));
  if (wider === undefined) return [];
  return [[[], `never reached: the rule "${wider.name}" in line ${wider.line} takes all of it and stops`]];
}

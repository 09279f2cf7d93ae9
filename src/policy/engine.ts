import { type Asked, askedOfFinding, askedOfVerdict, INDEPENDENT } from './condition-table.js';
import type { Finding, VerdictContext } from './context.js';
import { independentSignals } from './independent-signals.js';
import type { Policy, Rule, RuleAct } from './policy.js';
import { PROVISIONAL, type Proposal, type ProposedAct } from './proposal.js';

/** A policy with the number it is known by. */
export interface NumberedPolicy extends Policy {
  readonly number: number;
}

/** A condition, what it asks for, what there was, and whether that was enough. */
export interface Explained {
  readonly condition: string;
  readonly wanted: unknown;
  readonly found: string;
  readonly holds: boolean;
}

export interface RuleExplained {
  readonly rule: string;
  readonly line: number;
  /** `not-reached`: a rule before it has stopped. */
  readonly outcome: 'matched' | 'not-matched' | 'not-reached';
  readonly conditions: readonly Explained[];
}

interface CompiledRule {
  readonly rule: Rule;
  readonly ofVerdict: readonly Asked<VerdictContext>[];
  readonly ofFinding: readonly Asked<Finding>[];
  readonly independent: number;
}

const compiled = new WeakMap<Policy, readonly CompiledRule[]>();

function compile(policy: Policy): readonly CompiledRule[] {
  const there = compiled.get(policy);
  if (there !== undefined) return there;
  const made = policy.rules.map((rule) => ({
    rule,
    ofVerdict: askedOfVerdict(rule.when),
    ofFinding: askedOfFinding(rule.when),
    independent: rule.when[INDEPENDENT] ?? 0,
  }));
  compiled.set(policy, made);
  return made;
}

/**
 * What a policy proposes for a verdict, in the order of its rules; the same act is proposed once, by the first rule that
 * does. Pure: the same policy and context give the same proposals.
 */
export function propose(policy: NumberedPolicy, context: VerdictContext): readonly Proposal[] {
  const proposals = new Map<ProposedAct, Proposal>();
  for (const each of compile(policy)) {
    const basis = basisOf(each, context);
    if (basis === undefined) continue;
    for (const act of each.rule.do) {
      const made = proposalOf(policy, each.rule, act, basis, context);
      if (made === undefined) continue;
      const before = proposals.get(act.act);
      proposals.set(act.act, before === undefined ? made : merged(before, made));
    }
    if (each.rule.next === 'stop') break;
  }
  return [...proposals.values()];
}

/** Says of every rule whether it matched, and of each of its conditions what it asked for and what there was. */
export function explain(policy: Policy, context: VerdictContext): readonly RuleExplained[] {
  let stopped = false;
  return compile(policy).map((each) => {
    const { rule, ofVerdict, ofFinding, independent } = each;
    if (stopped) return { rule: rule.name, line: rule.line, outcome: 'not-reached', conditions: [] };
    const matched = basisOf(each, context) !== undefined;
    stopped = matched && rule.next === 'stop';
    const nearest = mostHeld(ofFinding, context.findings);
    const conditions = [
      ...ofVerdict.map((asked) => explained(asked, context)),
      ...ofFinding.map((asked) => explained(asked, nearest)),
    ];
    if (independent > 0) {
      const count = independentSignals(fulfilling(ofFinding, context.findings));
      conditions.push({
        condition: INDEPENDENT,
        wanted: independent,
        found: String(count),
        holds: count >= independent,
      });
    }
    return { rule: rule.name, line: rule.line, outcome: matched ? 'matched' : 'not-matched', conditions };
  });
}

/** @returns the finding that a rule rests on, null when it asks for none; undefined when the rule does not match */
function basisOf(
  { ofVerdict, ofFinding, independent }: CompiledRule,
  context: VerdictContext,
): Finding | null | undefined {
  if (!ofVerdict.every(({ holds }) => holds(context))) return undefined;
  // What nobody asked for can still be what a removal of a match rests on.
  if (ofFinding.length === 0) return strongest(context.findings.filter(({ kind }) => kind !== 'keyword')) ?? null;
  const found = fulfilling(ofFinding, context.findings);
  if (independent > 0 && independentSignals(found) < independent) return undefined;
  return strongest(found);
}

function fulfilling(asked: readonly Asked<Finding>[], findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => asked.every(({ holds }) => holds(finding)));
}

/** Lower is stronger: what a person need not look at first, then what is nearest; keywords last. */
function weakness(finding: Finding): number {
  if (finding.kind === 'keyword') return 4e9;
  if (finding.kind === 'link') return 0;
  return (finding.extent === 'full' ? 0 : 3e9) + (finding.distance ?? 2.5e9);
}

function strongest(findings: readonly Finding[]): Finding | undefined {
  let best: Finding | undefined;
  for (const each of findings) if (best === undefined || weakness(each) < weakness(best)) best = each;
  return best;
}

const OF_ACCOUNT: readonly ProposedAct[] = ['suspend-account'];
const OF_ROOM: readonly ProposedAct[] = ['restrict-room', 'close-room'];

function subjectOf(act: ProposedAct): Proposal['subject'] {
  return OF_ACCOUNT.includes(act) ? 'account' : OF_ROOM.includes(act) ? 'room' : 'item';
}

/** Refuses once more what no policy can be loaded with: this is the last place before somebody acts. */
function permitted({ when }: Rule, act: ProposedAct, basis: Finding | null, { verdict }: VerdictContext): boolean {
  if (act === 'open-case') return true;
  if (when['score-at-least'] !== undefined || basis?.kind === 'keyword') return false;
  return basis !== null || (verdict === 'could-not-tell' && PROVISIONAL.includes(act));
}

function proposalOf(
  { number }: NumberedPolicy,
  rule: Rule,
  { act, needsPerson, ...options }: RuleAct,
  basis: Finding | null,
  context: VerdictContext,
): Proposal | undefined {
  const subject = subjectOf(act);
  if (subject === 'account' && context.account === null) return undefined;
  if ((subject === 'room' || act === 'notify-room') && context.room === null) return undefined;
  if (act === 'notify-author' && context.account === null) return undefined;
  if (!permitted(rule, act, basis, context)) return undefined;
  const partial = basis?.kind === 'medium' && basis.extent === 'partial';
  const inHouse = act === 'open-case' || act === 'preserve';
  return {
    act,
    subject,
    rule: rule.name,
    policyVersion: number,
    reason: reasonOf(rule, basis, context),
    entry: basis === null ? null : { list: basis.list, entry: basis.entry },
    ...options,
    needsPerson: needsPerson || (partial && !inHouse),
  };
}

function reasonOf({ when }: Rule, basis: Finding | null, { verdict }: VerdictContext): string {
  if (basis?.kind === 'medium') return 'known-medium';
  if (basis?.kind === 'link') return 'known-link';
  if (basis?.kind === 'keyword') return 'keywords';
  if (when['score-at-least'] !== undefined) return 'score';
  return verdict === 'could-not-tell' ? 'could-not-tell' : 'policy';
}

/** The rule that came first speaks; a later one can only make a case more urgent, or free an act from waiting. */
function merged(before: Proposal, later: Proposal): Proposal {
  if (before.act === 'open-case') {
    return { ...before, priority: Math.max(before.priority ?? 0, later.priority ?? 0) };
  }
  return before.needsPerson && !later.needsPerson ? later : before;
}

function mostHeld(asked: readonly Asked<Finding>[], findings: readonly Finding[]): Finding | undefined {
  let best: { readonly finding: Finding; readonly held: number } | undefined;
  for (const finding of findings) {
    const held = asked.filter(({ holds }) => holds(finding)).length;
    if (best === undefined || held > best.held) best = { finding, held };
  }
  return best?.finding;
}

function explained<Subject>({ name, wanted, holds, found }: Asked<Subject>, subject: Subject | undefined): Explained {
  const there = subject !== undefined;
  return { condition: name, wanted, found: there ? found(subject) : 'nothing', holds: there && holds(subject) };
}

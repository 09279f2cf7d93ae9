/** What a policy means, written down a second time, as plainly as it can be said. */
import type { Finding, VerdictContext } from '../context.js';
import type { Conditions, Policy } from '../policy.js';

export interface NaiveProposal {
  readonly act: string;
  readonly rule: string;
  readonly priority: number | undefined;
  readonly needsPerson: boolean;
}

const ABOUT_FINDINGS = ['found', 'list', 'grade', 'signal', 'distance', 'view', 'extent', 'across', 'link'];

function findingFits(when: Conditions, finding: Finding): boolean {
  const medium = finding.kind === 'medium' ? finding : undefined;
  const grade = finding.grade?.toLowerCase();
  if (!(when.found ?? ['medium', 'link']).includes(finding.kind)) return false;
  if (when.list && !when.list.includes(finding.list)) return false;
  if (when.grade === 'any' && grade === undefined) return false;
  if (when.grade === 'none' && grade !== undefined) return false;
  if (Array.isArray(when.grade) && !when.grade.includes(grade)) return false;
  if (when.signal && !(medium && when.signal.includes(medium.signal))) return false;
  if (when.extent && !(medium && when.extent.includes(medium.extent))) return false;
  if (when.across && !(medium && when.across.includes(medium.across))) return false;
  if (when.link && !(finding.kind === 'link' && when.link.includes(finding.link))) return false;
  if (when.distance) {
    if (!medium || medium.distance === null) return false;
    if (medium.distance < when.distance.from || medium.distance > when.distance.to) return false;
  }
  if (when.view) {
    if (!medium) return false;
    for (const part of medium.view.split('+')) {
      const word = { 'as-is': 'as-is', negative: 'negative', trimmed: 'part' }[part] ?? 'turned';
      if (!(when.view as readonly string[]).includes(word)) return false;
    }
  }
  return true;
}

/** The largest set of findings no two of which share an entry, or a medium and a list: by trying all sets. */
export function mostIndependent(findings: readonly Finding[]): number {
  const [first, ...rest] = findings;
  if (first === undefined) return 0;
  const without = mostIndependent(rest);
  if (first.kind === 'keyword' || (first.kind === 'medium' && first.extent === 'partial')) return without;
  const place = (each: Finding) => (each.kind === 'medium' ? each.medium : 'links');
  const apart = rest.filter(
    (each) => each.list !== first.list || (each.entry !== first.entry && place(each) !== place(first)),
  );
  return Math.max(without, 1 + mostIndependent(apart));
}

function contextFits(when: Conditions, context: VerdictContext): boolean {
  const { verdict, reason, platform, surface, lane, room, jurisdiction, confirmedAt, score, at } = context;
  if (when.verdict && !when.verdict.includes(verdict)) return false;
  if (when.reason && !(reason !== null && when.reason.includes(reason))) return false;
  if (when.platform && !when.platform.includes(platform)) return false;
  if (when.surface && !when.surface.includes(surface)) return false;
  if (when.lane && !when.lane.includes(lane)) return false;
  if (when.room && !(room !== null && when.room.includes(room))) return false;
  if (when.jurisdiction) {
    const country = jurisdiction?.slice(0, 2) ?? '';
    if (!when.jurisdiction.includes(jurisdiction ?? '') && !when.jurisdiction.includes(country)) return false;
  }
  const history = when['author-confirmed'];
  if (history) {
    const since = at.getTime() - history.days * 86_400_000;
    if (confirmedAt.filter((each) => each.getTime() >= since).length < history.times) return false;
  }
  const least = when['score-at-least'];
  return least === undefined || (score !== null && score.value >= least);
}

/** @returns what `propose` must, by act */
export function naivelyProposed({ rules }: Policy, context: VerdictContext): readonly NaiveProposal[] {
  const all: NaiveProposal[] = [];
  for (const { name, when, do: acts, next } of rules) {
    if (!contextFits(when, context)) continue;
    const independent = when['independent-signals'];
    const asks = independent !== undefined || ABOUT_FINDINGS.some((key) => Object.hasOwn(when, key));
    const fitting = context.findings.filter((finding) => findingFits(when, finding));
    if (asks && fitting.length === 0) continue;
    if (independent !== undefined && mostIndependent(fitting) < independent) continue;
    // A rule that could rest on something whole does not rest on an overlap.
    const matching = fitting.filter(({ kind }) => kind !== 'keyword');
    const onlyPartial =
      matching.length > 0 && matching.every((each) => each.kind === 'medium' && each.extent === 'partial');
    for (const { act, priority, needsPerson } of acts) {
      if (act === 'suspend-account' && context.account === null) continue;
      if (act === 'notify-author' && context.account === null) continue;
      if (['restrict-room', 'close-room', 'notify-room'].includes(act) && context.room === null) continue;
      const inHouse = act === 'open-case' || act === 'preserve';
      all.push({ act, rule: name, priority, needsPerson: needsPerson || (onlyPartial && !inHouse) });
    }
    if (next === 'stop') break;
  }
  return [...new Set(all.map(({ act }) => act))].map((act) => {
    const same = all.filter((each) => each.act === act);
    const [first] = same;
    const chosen = (
      act === 'open-case' ? first : (same.find(({ needsPerson }) => !needsPerson) ?? first)
    ) as NaiveProposal;
    const priority = act === 'open-case' ? Math.max(...same.map((each) => each.priority ?? 0)) : undefined;
    return { ...chosen, priority };
  });
}

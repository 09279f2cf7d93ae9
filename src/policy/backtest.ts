import type { Database } from '../storage/database.js';
import { type ItemVerdict, readItemVerdicts, type VerdictWindow } from '../storage/verdicts/read-verdicts.js';
import { type NumberedPolicy, propose } from './engine.js';
import type { Policy } from './policy.js';
import type { Proposal, ProposedAct } from './proposal.js';
import { contextsOf, type JurisdictionOf } from './stored-context.js';

export interface BacktestOptions extends VerdictWindow {
  readonly database: Database;
  /** What verdicts are judged by now. */
  readonly before: NumberedPolicy;
  readonly after: NumberedPolicy;
  /** Verdicts that are looked at, at the most; those of the newest days. */
  readonly limit: number;
  /** Opens what is sealed of an item; asked only when a rule asks for it. */
  readonly jurisdictionOf: JurisdictionOf;
  readonly signal?: AbortSignal | undefined;
}

/** How often an act is proposed, and how often it waits for a person. */
export interface ActCount {
  readonly act: ProposedAct;
  readonly count: number;
  readonly needsPerson: number;
}

export interface PolicyCounts {
  readonly acts: readonly ActCount[];
  readonly rules: readonly (ActCount & { readonly rule: string })[];
}

export interface ActDifference {
  readonly act: ProposedAct;
  /** `otherwise`: proposed by both, with another priority, or for a person by one of them. */
  readonly change: 'only-before' | 'only-after' | 'otherwise';
  readonly count: number;
  /** Ids of some of the items. */
  readonly items: readonly string[];
}

/** What a policy would have proposed for what was seen, beside another. Nothing is done by it. */
export interface BacktestReport {
  readonly looked: number;
  /** There was more than the limit. */
  readonly truncated: boolean;
  /** Items for which the two do not propose the same. */
  readonly differing: number;
  readonly before: PolicyCounts;
  readonly after: PolicyCounts;
  readonly differences: readonly ActDifference[];
}

const PAGE = 500;
const EXAMPLES = 20;

/**
 * Runs two policies on stored verdicts of items, a page at a time; memory does not grow with what is looked at. Matches
 * count as they were when the verdict was told.
 * @throws the signal's reason; VigieError of the database
 */
export async function backtest(options: BacktestOptions): Promise<BacktestReport> {
  const { database, before, after, limit, signal, from, until, jurisdictionOf } = options;
  const asks = (key: keyof Policy['rules'][number]['when']) =>
    [before, after].some(({ rules }) => rules.some(({ when }) => when[key] !== undefined));
  const [sealed, history] = [asks('jurisdiction'), asks('author-confirmed')];
  const [was, is] = [new Tally(), new Tally()];
  const differences = new Differences();
  let looked = 0;
  let last: ItemVerdict | undefined;
  for (;;) {
    signal?.throwIfAborted();
    // One more than may be looked at tells whether there is more.
    const wanted = Math.min(PAGE, limit - looked + 1);
    const page = await readItemVerdicts(database.db, { from, until }, { after: last, limit: wanted, sealed });
    const taken = page.slice(0, limit - looked);
    for (const [itemId, context] of await contextsOf(database.db, taken, { history, jurisdictionOf })) {
      const [old, now] = [propose(before, context), propose(after, context)];
      was.add(old);
      is.add(now);
      differences.add(itemId, old, now);
    }
    looked += taken.length;
    last = page.at(-1);
    if (page.length < wanted || taken.length < page.length) {
      const truncated = taken.length < page.length;
      const { differing } = differences;
      return { looked, truncated, differing, before: was.counts(), after: is.counts(), differences: differences.all() };
    }
  }
}

/** Counts proposals by act, and by rule and act. */
class Tally {
  readonly #acts = new Map<ProposedAct, ActCount>();
  readonly #rules = new Map<string, ActCount & { readonly rule: string }>();

  add(proposals: readonly Proposal[]): void {
    for (const { act, rule, needsPerson } of proposals) {
      const more = <T extends ActCount>(counted: T): T => ({
        ...counted,
        count: counted.count + 1,
        needsPerson: counted.needsPerson + Number(needsPerson),
      });
      const none = { act, count: 0, needsPerson: 0 };
      const key = `${rule}/${act}`;
      this.#acts.set(act, more(this.#acts.get(act) ?? none));
      this.#rules.set(key, more(this.#rules.get(key) ?? { ...none, rule }));
    }
  }

  counts(): PolicyCounts {
    const most = (a: ActCount, b: ActCount) => b.count - a.count;
    return { acts: [...this.#acts.values()].sort(most), rules: [...this.#rules.values()].sort(most) };
  }
}

class Differences {
  differing = 0;
  readonly #all = new Map<
    string,
    { act: ProposedAct; change: ActDifference['change']; count: number; items: string[] }
  >();

  add(itemId: string, before: readonly Proposal[], after: readonly Proposal[]): void {
    const changes = new Map<ProposedAct, ActDifference['change']>();
    for (const old of before) {
      const now = after.find(({ act }) => act === old.act);
      if (now === undefined) changes.set(old.act, 'only-before');
      else if (now.needsPerson !== old.needsPerson || now.priority !== old.priority) changes.set(old.act, 'otherwise');
    }
    for (const { act } of after) if (!before.some((old) => old.act === act)) changes.set(act, 'only-after');
    this.differing += Number(changes.size > 0);
    for (const [act, change] of changes) {
      const key = `${change}/${act}`;
      const there = this.#all.get(key) ?? { act, change, count: 0, items: [] };
      there.count++;
      if (there.items.length < EXAMPLES) there.items.push(itemId);
      this.#all.set(key, there);
    }
  }

  all(): readonly ActDifference[] {
    return [...this.#all.values()].sort((a, b) => b.count - a.count);
  }
}

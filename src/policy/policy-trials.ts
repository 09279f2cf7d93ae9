import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { readLastVerdict, type VerdictWindow } from '../storage/verdicts/read-verdicts.js';
import { type BacktestReport, backtest } from './backtest.js';
import { explain, type NumberedPolicy, propose, type RuleExplained } from './engine.js';
import type { Policies } from './policies.js';
import type { Proposal } from './proposal.js';
import { problemLines, readPolicy } from './read-policy.js';
import { contextsOf, type JurisdictionOf } from './stored-context.js';

export interface PolicyTrialsOptions {
  readonly database: Database;
  readonly policies: Policies;
  readonly jurisdictionOf: JurisdictionOf;
}

export interface BacktestOrder extends VerdictWindow {
  /** A version that is kept, or a file that is not. */
  readonly of: { readonly number: number } | { readonly source: string };
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/** Policies tried on what was seen. Nothing is done by it. */
export class PolicyTrials {
  readonly #options: PolicyTrialsOptions;
  #running = false;

  constructor(options: PolicyTrialsOptions) {
    this.#options = options;
  }

  /**
   * Runs a policy beside the active one on stored verdicts; one at a time, as it reads much.
   * @returns with the number of the active one
   * @throws VigieError `policy-not-found`, `policy-invalid`, `policy-busy`; the signal's reason
   */
  async backtest({ of, ...window }: BacktestOrder): Promise<BacktestReport & { readonly against: number }> {
    const { database, policies, jurisdictionOf } = this.#options;
    const before = policies.active();
    const after = 'number' in of ? await policies.read(of.number) : unkept(of.source);
    if (this.#running) throw new VigieError('policy-busy');
    this.#running = true;
    try {
      const report = await backtest({ ...window, database, before, after, jurisdictionOf });
      return { ...report, against: before.number };
    } finally {
      this.#running = false;
    }
  }

  /**
   * Which rules match the last verdict of an item, and why each other does not.
   * @throws VigieError `policy-not-found`, `policy-invalid`, `item-not-found` also for one that waits for its verdict
   */
  async explain(
    number: number,
    itemId: string,
  ): Promise<{ readonly rules: readonly RuleExplained[]; readonly proposals: readonly Proposal[] }> {
    const { database, policies, jurisdictionOf } = this.#options;
    const policy = await policies.read(number);
    const verdict = await readLastVerdict(database.db, itemId);
    if (verdict === undefined) throw new VigieError('item-not-found', { detail: 'or it waits for its verdict' });
    const [first] = await contextsOf(database.db, [verdict], { history: true, jurisdictionOf });
    if (first === undefined) throw new VigieError('item-not-found');
    const [, context] = first;
    return { rules: explain(policy, context), proposals: propose(policy, context) };
  }
}

function unkept(source: string): NumberedPolicy {
  const { policy, problems } = readPolicy(source);
  if (policy === undefined) throw new VigieError('policy-invalid', { detail: problemLines(problems) });
  return { ...policy, number: 0 };
}

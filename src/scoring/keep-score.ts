import type { UnknownItem } from '../intake/intake-parts.js';
import type { Cases } from '../moderation/cases.js';
import type { Score, VerdictContext } from '../policy/context.js';
import { type NumberedPolicy, propose } from '../policy/engine.js';
import type { Proposal } from '../policy/proposal.js';
import { contextsOf, type JurisdictionOf } from '../policy/stored-context.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { readLastVerdict } from '../storage/verdicts/read-verdicts.js';
import { storeScore } from '../storage/verdicts/store-score.js';

export interface KeepScoreOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  readonly cases: Cases;
  readonly policy: () => NumberedPolicy;
  readonly jurisdictionOf: JurisdictionOf;
  /** Name of this node. */
  readonly node: string;
}

/**
 * Keeps a score beside the verdict of its item, with an event, and opens the case that the policy wants on its account or
 * makes the one that is there more urgent. Nothing else ever follows from a score.
 */
export function keepScore({ database, record, cases, policy, jurisdictionOf, node }: KeepScoreOptions) {
  return async ({ item, verdictId, at }: UnknownItem, score: Score): Promise<void> => {
    await database.transaction(async (tx) => {
      // It was looked at again meanwhile, or is forgotten.
      if ((await readLastVerdict(tx, item.id))?.id !== verdictId) return;
      if (!(await storeScore(tx, { id: verdictId, at }, score))) return;
      await record(tx, {
        ...{ kind: 'item.scored', actor: `node:${node}`, subject: `item:${item.id}` },
        refs: { item: item.id, verdict: verdictId, scorer: score.scorer },
        payload: { score: score.value },
      });
      const active = policy();
      const history = active.rules.some(({ when }) => when['author-confirmed'] !== undefined);
      const verdict = await readLastVerdict(tx, item.id);
      const [found] = verdict === undefined ? [] : await contextsOf(tx, [verdict], { history, jurisdictionOf });
      const wanted = found === undefined ? undefined : caseForScore(active, found[1]);
      if (wanted === undefined) return;
      const { platform, id } = item;
      const { reason: cause, priority = DEFAULT_PRIORITY } = wanted;
      const about = { itemId: id, verdictId, by: 'policy' };
      await cases.open(tx, { subject: { platform, kind: 'item', id }, cause, priority, ...about });
    });
  };
}

const DEFAULT_PRIORITY = 50;

/** The case that a policy wants with the score and not, or less urgently, without it. */
export function caseForScore(policy: NumberedPolicy, context: VerdictContext): Proposal | undefined {
  const caseOf = (each: VerdictContext) => propose(policy, each).find(({ act }) => act === 'open-case');
  const [before, after] = [caseOf({ ...context, score: null }), caseOf(context)];
  if (after === undefined) return undefined;
  if (before === undefined) return after;
  return (after.priority ?? DEFAULT_PRIORITY) > (before.priority ?? DEFAULT_PRIORITY) ? after : undefined;
}

import { Evidence, type EvidenceOptions } from '../evidence/evidence.js';
import type { VerdictFollowing, VerdictTold } from '../intake/intake-parts.js';
import type { Metrics } from '../metrics/metrics.js';
import { Cases } from '../moderation/cases.js';
import type { Database } from '../storage/database.js';
import type { ActionRow } from '../storage/enforcement/action-store.js';
import { copyKey } from '../storage/enforcement/copies.js';
import { countOpenActions, countOpenCases } from '../storage/enforcement/open-counts.js';
import { type RemovalTimes, readRemovalTimes, STAGES } from '../storage/enforcement/removal-times.js';
import { inIndexOrder } from '../storage/in-index-order.js';
import { Brakes, type BrakesOptions } from './brakes.js';
import { Decisions, type DecisionsOptions } from './decisions.js';
import { Enforcer, type EnforcerOptions } from './enforcer.js';
import { judgedItem } from './judged-item.js';
import { type Proposing, proposalsOf } from './propose-for.js';

export interface EnforcementOptions
  extends Omit<EnforcerOptions, 'cases' | 'evidence' | 'ended'>,
    Pick<BrakesOptions, 'accountId' | 'alarmAbove' | 'failed'>,
    Pick<DecisionsOptions, 'dispute'>,
    Pick<EvidenceOptions, 'blobs' | 'client' | 'fetch' | 'maximumBytes' | 'retainMs'> {
  readonly metrics: Metrics;
  /** What the policy proposes for a verdict. */
  readonly propose: (told: VerdictTold) => Proposing;
  /** The secret that media are compared under. */
  readonly copiesKey: Uint8Array;
}

/** Everything that acts on platforms, and what people decide about it, wired to each other. Make it before the outbox starts. */
export class Enforcement {
  readonly enforcer: Enforcer;
  readonly brakes: Brakes;
  readonly decisions: Decisions;
  readonly cases: Cases;
  readonly evidence: Evidence;
  readonly #propose: EnforcementOptions['propose'];
  readonly #copiesKey: Uint8Array;
  readonly #database: Database;

  constructor(options: EnforcementOptions) {
    const { metrics, database } = options;
    this.#database = database;
    this.#propose = options.propose;
    this.#copiesKey = options.copiesKey;
    this.cases = new Cases(options);
    this.evidence = new Evidence(options);
    const { cases, evidence } = this;
    this.enforcer = new Enforcer({
      ...options,
      ...{ cases, evidence },
      ended: (action, end) => countAction(metrics, action, end),
    });
    const { enforcer } = this;
    this.brakes = new Brakes({ ...options, enforcer });
    this.decisions = new Decisions({ ...options, cases, enforcer });
    metrics.collect({
      names: ['vigie_actions_open', 'vigie_cases_open'],
      collect: async (tell) => {
        const [open, cases] = await inIndexOrder(
          database,
          async (tx) => [await countOpenActions(tx), await countOpenCases(tx)] as const,
        );
        for (const state of ['proposed', 'ordered', 'failed'] as const) {
          tell('vigie_actions_open', open.get(state) ?? 0, { state });
        }
        tell('vigie_cases_open', cases, {});
      },
    });
  }

  /** What follows from a verdict of the intake: its blobs that are kept are evidence from then on. */
  follow(told: VerdictTold): VerdictFollowing {
    const copies = [...told.digests].map(([ordinal, sha256]) => ({
      ordinal,
      medium: copyKey(this.#copiesKey, sha256),
    }));
    const proposing = this.#propose(told);
    const found = told.media.some(({ matches }) => matches.length > 0) || (told.words?.links ?? []).length > 0;
    if (!found && typeof proposing !== 'function' && proposing.length === 0) return { copies };
    return {
      copies,
      within: async (tx, eventId) => {
        const proposals = await proposalsOf(proposing, tx);
        return (await this.enforcer.enforce(tx, judgedItem(told, eventId), proposals)).kept;
      },
    };
  }

  /** How long removals on a platform took in the last hours, by stage. @param platform its name */
  async removalTimes(platform: string, hours: number): Promise<RemovalTimes> {
    return await readRemovalTimes(this.#database.db, platform, hours);
  }

  start(): void {
    this.brakes.start();
    this.evidence.start();
  }

  async close(): Promise<void> {
    await this.brakes.close();
    await this.evidence.close();
  }
}

/** Counts how an action ended and, when the platform confirmed it, how long each part of its way took. */
function countAction(metrics: Metrics, action: ActionRow, end: string): void {
  const { act, platform } = action;
  metrics.count('vigie_actions_total', { act, end, platform });
  // What a person has ordered waited for the person.
  if (end !== 'confirmed' || action.ordered_by !== 'policy') return;
  for (const [stage, from, to] of STAGES) {
    const [begun, ended] = [action[from], action[to]];
    if (begun === null || ended === null) continue;
    const seconds = Math.max(0, ended.getTime() - begun.getTime()) / 1_000;
    metrics.observe('vigie_time_to_act_seconds', { stage, platform }, seconds);
  }
}

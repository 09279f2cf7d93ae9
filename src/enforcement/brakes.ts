import { VigieError } from '../errors.js';
import { every } from '../runtime/every.js';
import { raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import {
  type ExemptionRow,
  endExemption,
  insertExemption,
  insertStop,
  liftStop,
  listExemptions,
  listStops,
  type NewExemption,
  type StopRow,
} from '../storage/enforcement/brake-store.js';
import { holdOrdered, stoppedActions } from '../storage/enforcement/hold-ordered.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { recordAction } from './action-orders.js';
import type { Enforcer } from './enforcer.js';
import { RateWatch, type RateWatchOptions } from './rate-watch.js';

export interface BrakesOptions extends Omit<RateWatchOptions, 'database'> {
  readonly database: Database;
  readonly record: RecordEvent;
  readonly enforcer: Pick<Enforcer, 'approveIn'>;
  /** Finds the account of a platform by the platform's own id; undefined when it was never met. */
  readonly accountId: (platform: string, account: string) => Promise<string | undefined>;
  readonly failed?: (error: unknown) => void;
}

/** Between two looks at the rates. */
const POLL_MS = 10_000;
const PORTION = 500;
const LONGEST_EXEMPTION_MS = 366 * 86_400_000;
/** All platforms. */
const ALL = '';
const LEFT_AS_IT_IS: ReadonlySet<string> = new Set(['action-unwanted', 'action-not-waiting', 'enforcement-stopped']);

/** Emergency stops, exemptions, and the watch over how much is removed. */
export class Brakes {
  readonly #options: BrakesOptions;
  readonly #rates: RateWatch;
  #stopWatching: (() => Promise<void>) | undefined;

  constructor(options: BrakesOptions) {
    this.#options = options;
    this.#rates = new RateWatch(options);
  }

  /** Begins to watch the rates. */
  start(): void {
    const { failed = () => undefined } = this.#options;
    this.#stopWatching = every(POLL_MS, () => this.#rates.look(), failed);
  }

  async close(): Promise<void> {
    await this.#stopWatching?.();
  }

  /** Looks at the rates now, and at what waits. */
  async look(): Promise<void> {
    await this.#rates.look();
  }

  /**
   * Stops enforcement: once this returns no process sends anything, and what was ordered waits for a person. What is just
   * being sent ends. Stopping what is stopped changes nothing but what was ordered meanwhile.
   * @param platform undefined for all
   * @returns how many orders were taken back
   */
  async stop(platform: string | undefined, reason: string, by: string): Promise<number> {
    const { database, record } = this.#options;
    await database.transaction(async (tx) => {
      const { id, fresh } = await insertStop(tx, platform ?? ALL, reason, by);
      if (!fresh) return;
      const refs = { stop: id, platform: platform ?? null };
      await record(tx, { kind: 'enforcement.stopped', actor: by, subject: `stop:${id}`, refs, payload: { reason } });
      const subject = platform === undefined ? 'service' : `platform:${platform}`;
      const cause = platform ?? ALL;
      await raiseAttention(tx, { kind: 'enforcement-stopped', cause, subject, detail: { platform: platform ?? null } });
    });
    let held = 0;
    for (let last = false; !last; ) {
      const portion = await database.transaction(async (tx) => {
        const rows = await holdOrdered(tx, platform, PORTION);
        for (const row of rows) await recordAction(record, tx, row, { kind: 'action.held', refs: { heldBy: 'stop' } });
        return rows.length;
      });
      held += portion;
      last = portion < PORTION;
    }
    return held;
  }

  /**
   * Lifts a stop.
   * @param resume orders what the stop has held back, in portions; else it waits for people
   * @returns how many were ordered again
   * @throws VigieError `enforcement-not-stopped`
   */
  async lift(platform: string | undefined, by: string, resume: boolean): Promise<number> {
    const { database, record } = this.#options;
    await database.transaction(async (tx) => {
      const lifted = await liftStop(tx, platform ?? ALL, by);
      if (lifted === undefined) throw new VigieError('enforcement-not-stopped');
      const refs = { stop: lifted.id, platform: platform ?? null, resume };
      await record(tx, { kind: 'enforcement.resumed', actor: by, subject: `stop:${lifted.id}`, refs });
      await settleAttention(tx, { kind: 'enforcement-stopped', cause: platform ?? ALL }, by);
    });
    return resume ? await this.#resume(platform, by) : 0;
  }

  /** Those that are on, and the latest that are not. */
  async stops(limit: number): Promise<readonly StopRow[]> {
    return await listStops(this.#options.database.db, limit);
  }

  /**
   * Exempts an author or a room until an end: what rules propose for them waits for a person.
   * @param subject the platform's own id
   * @throws VigieError `exemption-invalid`
   */
  async exempt(
    exemption: Omit<NewExemption, 'by' | 'subjectId'> & { readonly subject: string },
    by: string,
  ): Promise<ExemptionRow> {
    const { database, record, accountId } = this.#options;
    const { subject, ...rest } = exemption;
    const ahead = rest.until.getTime() - Date.now();
    if (!(ahead > 0 && ahead <= LONGEST_EXEMPTION_MS)) throw new VigieError('exemption-invalid', { detail: 'until' });
    const subjectId = rest.kind === 'room' ? subject : await accountId(rest.platform, subject);
    if (subjectId === undefined) throw new VigieError('exemption-invalid', { detail: 'account' });
    return await database.transaction(async (tx) => {
      const row = await insertExemption(tx, { ...rest, subjectId, by });
      const refs = { exemption: row.id, platform: row.platform, until: row.until.toISOString() };
      const payload = { reason: row.reason };
      await record(tx, { kind: 'exemption.granted', actor: by, subject: `exemption:${row.id}`, refs, payload });
      return row;
    });
  }

  /** Those that hold first. */
  async exemptions(limit: number): Promise<readonly ExemptionRow[]> {
    return await listExemptions(this.#options.database.db, limit);
  }

  /** @throws VigieError `exemption-not-found` */
  async endExemption(id: string, by: string): Promise<ExemptionRow> {
    const { database, record } = this.#options;
    return await database.transaction(async (tx) => {
      const row = await endExemption(tx, id, by);
      if (row === undefined) throw new VigieError('exemption-not-found');
      const refs = { exemption: id, platform: row.platform };
      await record(tx, { kind: 'exemption.ended', actor: by, subject: `exemption:${id}`, refs });
      return row;
    });
  }

  async #resume(platform: string | undefined, by: string): Promise<number> {
    const { database, enforcer } = this.#options;
    let resumed = 0;
    let after = '';
    for (;;) {
      const ids = await stoppedActions(database.db, { platform, after }, PORTION);
      for (const id of ids) if (await this.#order(enforcer, id, by)) resumed++;
      after = ids.at(-1) ?? after;
      if (ids.length < PORTION) return resumed;
    }
  }

  /** What is not wanted any more, was decided meanwhile, or is held by another stop, is left as it is. */
  async #order(enforcer: BrakesOptions['enforcer'], id: string, by: string): Promise<boolean> {
    try {
      await this.#options.database.transaction((tx) => enforcer.approveIn(tx, id, by, 'stop lifted'));
      return true;
    } catch (error) {
      const { code } = VigieError.from(error);
      if (LEFT_AS_IT_IS.has(code)) return false;
      throw error;
    }
  }
}

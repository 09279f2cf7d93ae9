import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import {
  type CaseDraft,
  type CaseFilter,
  type CaseRow,
  closeCase,
  findCase,
  hasOpenCases,
  listCases,
  openCase,
  type ShownCase,
  unreportedCases,
} from '../storage/enforcement/case-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import type { CaseDecision, Tx } from '../storage/schema.js';
import { seal } from '../storage/seal.js';

const HOUR = 3_600_000;
const PURPOSE = 'case';
/** Cause of the cases of what could not be looked at. */
export const UNTOLD = 'could-not-tell';
/** Cases of it that are open on one platform at the most. */
const MOST_UNTOLD = 50;

export interface NewCase extends Omit<CaseDraft, 'openedBy' | 'dueInMs'> {
  /** Id of a principal, or `policy`. */
  readonly by: string;
}

/** What waits for a decision of people: one open case a subject. */
export class Cases {
  readonly #record: RecordEvent;
  readonly #keyring: Keyring;
  readonly #database: Database;

  constructor(options: { readonly database: Database; readonly record: RecordEvent; readonly keyring: Keyring }) {
    this.#database = options.database;
    this.#record = options.record;
    this.#keyring = options.keyring;
  }

  /** Opens a case, or lets the one that is open for the subject grow: the higher priority stands. @returns its id */
  async open(tx: Tx, { by, priority: asked, subject, ...rest }: NewCase): Promise<string> {
    const priority = Math.round(Math.min(100, Math.max(0, asked)));
    const dueInMs = dueIn(priority);
    const { id, fresh } = await openCase(tx, { ...rest, subject, priority, openedBy: by, dueInMs });
    if (fresh) {
      const { cause } = rest;
      const refs = { case: id, platform: subject.platform, cause, priority };
      await this.#record(tx, {
        kind: 'case.opened',
        actor: by === 'policy' ? 'service' : by,
        subject: `case:${id}`,
        refs,
      });
    }
    return id;
  }

  /**
   * Opens a case for something that could not be told, unless many are open on its platform: an outage is one attention,
   * whose backlog holds all its items, and not a case an item.
   * @returns its id; undefined when none was opened
   */
  async openUntold(tx: Tx, wanted: NewCase): Promise<string | undefined> {
    if (await hasOpenCases(tx, wanted.subject.platform, UNTOLD, MOST_UNTOLD)) return undefined;
    return await this.open(tx, { ...wanted, cause: UNTOLD });
  }

  /** Items that could not be told are looked at again: what their cases asked for is being done. As a part of the transaction. */
  async lookedAtAgain(tx: Tx, itemIds: readonly string[]): Promise<void> {
    for (const id of await unreportedCases(tx, UNTOLD, itemIds)) {
      await this.decide(tx, id, { decision: 'dismissed', reason: 'it is looked at again', by: 'service' });
    }
  }

  async ls(filter: CaseFilter): Promise<readonly ShownCase[]> {
    return await listCases(this.#database.db, filter);
  }

  /** @throws VigieError `case-not-found` */
  async show(id: string): Promise<ShownCase> {
    const found = await findCase(this.#database.db, id);
    if (found === undefined) throw new VigieError('case-not-found');
    return found;
  }

  /**
   * Writes a decision down; what follows from it on platforms is the enforcer's.
   * @throws VigieError `case-not-found`, `case-decided`
   */
  async decide(
    tx: Tx,
    id: string,
    { decision, reason, by }: { decision: CaseDecision; reason: string; by: string },
  ): Promise<CaseRow> {
    const sealed = seal(this.#keyring, Buffer.from(JSON.stringify({ reason })), { purpose: PURPOSE, aad: id });
    const decided = await closeCase(tx, id, decision, by, sealed);
    if (decided === undefined) {
      throw new VigieError((await findCase(tx, id)) === undefined ? 'case-not-found' : 'case-decided');
    }
    const refs = { case: id, platform: decided.platform, decision };
    await this.#record(tx, { kind: 'case.decided', actor: by, subject: `case:${id}`, refs, payload: { reason } });
    return decided;
  }
}

/** The most urgent within an hour, the rest within eight hours or three days. */
function dueIn(priority: number): number {
  if (priority >= 80) return HOUR;
  return priority >= 40 ? 8 * HOUR : 72 * HOUR;
}

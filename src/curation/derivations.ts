import { VigieError } from '../errors.js';
import type { Entry, EntrySignal } from '../index/entry.js';
import type { Lists } from '../lists/lists.js';
import type { LoadedList } from '../lists/loaded-list.js';
import { derivedMarks, readDerived, withdrawDerived } from '../storage/curation/derived-store.js';
import { isConfirmed } from '../storage/curation/judgement-store.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import { getList, getListById, lockList } from '../storage/list-store.js';
import { type SignalTools, signalsOf } from './entry-signals.js';
import { mergeDerived } from './merge-derived.js';
import type { Proposals } from './proposals.js';
import { openEntry, sameValue } from './proposed-entry.js';

export interface DerivationsOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly lists: Lists;
  readonly record: RecordEvent;
  readonly proposals: Proposals;
  readonly tools: SignalTools;
}

/** A medium that was confirmed to be what an entry says. */
export interface ConfirmedMedium {
  readonly list: string;
  readonly entry: string;
  readonly source: AsyncIterable<Uint8Array>;
  readonly reason: string;
  readonly verdict?: string | undefined;
  readonly by: string;
  readonly signal: AbortSignal;
}

/** Types of signals that prove of a medium that it is what an entry says. */
export const PROOFS = ['md5', 'sha1', 'sha256', 'photodna'] as const;
const PERCEPTUAL: ReadonlySet<string> = new Set(['pdq', 'vpdq']);
const PAGE = 500;
/** Entries that are written anew in one version of their list. */
const REWRITTEN_AT_ONCE = 20_000;

/**
 * Perceptual hashes for entries that came without: made of a medium that a person has confirmed, approved by another
 * one, and from then on part of the entry, as long as it is on its list and acts.
 *
 * They lie sealed in a table, and are merged into the entry wherever its list has changed: a new version of the entry
 * or of the list, or an older one, gets them by a delta a moment later. So they are in the same row of a segment as
 * what the source gives, and every rule of the entry is theirs.
 */
export class Derivations {
  readonly #options: DerivationsOptions;
  /** For each list what it was like when nothing was left to do. */
  readonly #settled = new Map<string, string>();

  constructor(options: DerivationsOptions) {
    this.#options = options;
    options.lists.heed(async ({ id, name }) => {
      // The list has changed whatever becomes of this; the next turn does what is left, and says what keeps it.
      await this.#settle(id, name).catch(() => undefined);
    });
  }

  /**
   * Proposes the PDQ or vPDQ of a medium for the entry that it was confirmed to be.
   * @returns the id of the proposal; undefined when the entry has all of it
   * @throws VigieError `entry-not-confirmed`, `medium-not-entry`, `entry-not-found`, `proposal-exists`; why the medium
   * has no perceptual hash; what `signalsOf` throws
   */
  async propose({ list, entry, source, reason, verdict, by, signal }: ConfirmedMedium): Promise<string | undefined> {
    const { database, lists, proposals, tools } = this.#options;
    const { id: listId } = await getList(database.db, list);
    const { entry: parent } = await lists.entry(list, entry);
    if (!(await isConfirmed(database.db, listId, entry, PROOFS))) throw new VigieError('entry-not-confirmed');
    const medium = await signalsOf(source, tools, signal);
    if (!(await this.#carries(medium.signals, listId, entry))) throw new VigieError('medium-not-entry');
    const made = medium.signals.filter(({ type, active }) => PERCEPTUAL.has(type) && (active || type === 'vpdq'));
    if (!made.some(({ active }) => active)) throw new VigieError(medium.lacks ?? 'media-too-small');
    const signals = made
      .filter((each) => !parent.signals.some((known) => sameValue(known, each)))
      .map((each) => ({ ...each, derived: true }));
    if (signals.length === 0) return undefined;
    return await proposals.propose({ list, act: 'derive', entry: { id: entry, signals }, reason, verdict, by });
  }

  /**
   * Takes back what was derived of an entry: it matches no more when this returns. One person is enough.
   * @throws VigieError `list-not-found`, `entry-not-found` when nothing was derived of it
   */
  async withdraw(name: string, entry: string, reason: string, by: string): Promise<void> {
    const { database, record } = this.#options;
    const { id } = await getList(database.db, name);
    await database.transaction(async (tx) => {
      await lockList(tx, id);
      const count = await withdrawDerived(tx, id, entry, by);
      if (count === 0) throw new VigieError('entry-not-found', { detail: 'nothing was derived of it' });
      const refs = { list: id, count };
      const payload = { entry, reason };
      await record(tx, { kind: 'derived.withdrawn', actor: by, subject: `list:${id}`, refs, payload });
    });
    await this.#settle(id, name);
  }

  /** Brings every list in step with what was derived of its entries; call it every few seconds, on any node. */
  async tend(): Promise<void> {
    const { db } = this.#options.database;
    const failures: unknown[] = [];
    for (const [id, mark] of await derivedMarks(db)) {
      const loaded = this.#options.lists.loaded(id);
      if (loaded === undefined || this.#settled.get(id) === markOf(loaded, mark)) continue;
      try {
        const { name } = await getListById(db, id);
        await this.#settle(id, name, mark);
      } catch (error) {
        // A list that cannot be brought in step must not keep the others from it.
        if (!(error instanceof VigieError && TRY_LATER.has(error.code))) failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #settle(id: string, name: string, known?: string): Promise<void> {
    const { database, lists } = this.#options;
    const mark = known ?? (await derivedMarks(database.db)).get(id);
    if (mark === undefined) return;
    for (;;) {
      const loaded = lists.loaded(id);
      if (loaded === undefined) return;
      const found = await this.#changes(loaded, '', 1);
      if (found.changes.length === 0) {
        this.#settled.set(id, markOf(loaded, mark));
        return;
      }
      // A bounded number at a time: thousands of entries may have been given theirs at once.
      for (let after: string | undefined = found.before; after !== undefined; ) {
        const from: string = after;
        let next: string | undefined;
        const make = async (list: LoadedList) => {
          const some = await this.#changes(list, from, REWRITTEN_AT_ONCE);
          next = some.next;
          return some.changes;
        };
        await lists.rewriteEntries(name, make, { within: async () => undefined });
        after = next;
      }
    }
  }

  /**
   * Entries of a list that lack what was derived of them, or have what was taken back, as they should be.
   * @param after entry id behind which to begin
   * @returns about as many as are enough; where to go on, undefined at the end; and the place before the last page
   */
  async #changes(
    list: LoadedList,
    after: string,
    enough: number,
  ): Promise<{ readonly changes: readonly Entry[]; readonly next: string | undefined; readonly before: string }> {
    const { db } = this.#options.database;
    const changes: Entry[] = [];
    let before = after;
    let next: string | undefined = after;
    while (next !== undefined && changes.length < enough) {
      before = next;
      const rows = await readDerived(db, list.info.id, before, PAGE);
      const byEntry = new Map<string, { derived: EntrySignal[]; withdrawn: EntrySignal[] }>();
      for (const { id, entry, sealed, withdrawn } of rows) {
        const known = byEntry.get(entry) ?? { derived: [], withdrawn: [] };
        byEntry.set(entry, known);
        const { signals } = openEntry(this.#options.keyring, 'derived', id, sealed);
        known[withdrawn ? 'withdrawn' : 'derived'].push(...signals);
      }
      for (const [id, { segment, row }] of await list.findAll([...byEntry.keys()])) {
        const { derived = [], withdrawn = [] } = byEntry.get(id) ?? {};
        const merged = mergeDerived(await segment.entry(row), derived, withdrawn);
        if (merged !== undefined) changes.push(merged);
      }
      next = byEntry.size < PAGE ? undefined : rows.at(-1)?.entry;
    }
    return { changes, next, before };
  }

  /** Whether an entry is found by what proves it. */
  async #carries(signals: readonly EntrySignal[], listId: string, entryId: string): Promise<boolean> {
    const { lists } = this.#options;
    const loaded = lists.loaded(listId);
    const own = new Set(loaded?.segments.map(({ id }) => id));
    for (const { type, value } of signals) {
      if (!(PROOFS as readonly string[]).includes(type)) continue;
      for (const { segment, row } of lists.lookup(type, value, { limit: PROOF_LIMIT }).hits) {
        if (own.has(segment.id) && (await segment.entry(row)).id === entryId) return true;
      }
    }
    return false;
  }
}

const PROOF_LIMIT = 1_000;

const TRY_LATER: ReadonlySet<string> = new Set([
  'import-in-progress',
  'import-aborted',
  'index-not-loaded',
  'segment-closed',
  'list-not-found',
  'shutting-down',
]);

const markOf = ({ info }: LoadedList, mark: string): string => `${info.version} ${mark}`;

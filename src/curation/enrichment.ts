import { setImmediate as nextTurn } from 'node:timers/promises';
import { VigieError } from '../errors.js';
import type { Entry, EntrySignal } from '../index/entry.js';
import type { ImportReport } from '../lists/import-report.js';
import { KeySet } from '../lists/key-set.js';
import type { Lists } from '../lists/lists.js';
import type { LoadedList } from '../lists/loaded-list.js';
import { type ReadEntriesOptions, readEntries } from '../lists/read-entries.js';
import { approveWaiting, dropWaiting, insertWaiting, type WaitingDerived } from '../storage/curation/derived-store.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import { getList, lockList } from '../storage/list-store.js';
import { randomId } from '../storage/random-id.js';
import type { Proposals } from './proposals.js';
import { countSignals, sameValue, sealEntry } from './proposed-entry.js';

export interface EnrichmentOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly lists: Lists;
  readonly record: RecordEvent;
  readonly proposals: Proposals;
  /** Whether a source feeds a list: then its entries are not ours alone to change. */
  readonly hasSource: (listId: string) => Promise<boolean>;
}

/** A file of hashes of media, each with an exact hash by which its entry is found and what the entry lacks. */
export interface EnrichmentDraft extends ReadEntriesOptions {
  readonly list: string;
  readonly input: AsyncIterable<Uint8Array>;
  readonly reason: string;
  readonly by: string;
  /** Only says what would be done. */
  readonly dryRun: boolean;
  readonly onProgress?: (progress: EnrichmentCounts) => void;
}

export interface EnrichmentCounts {
  readonly records: number;
  /** Entries that get signals. */
  readonly entries: number;
  /** Records of which the entry has all signals. */
  readonly complete: number;
  /** Records whose exact hashes no entry of the list has. */
  readonly unknown: number;
  /** Records without an exact hash, which prove nothing. */
  readonly withoutProof: number;
  /** Records without a PDQ or vPDQ that could be used. */
  readonly withoutGain: number;
  /** Signals that are given, by type. */
  readonly signals: Readonly<Record<string, number>>;
}

export interface Enriched extends EnrichmentCounts {
  /** `proposed`: somebody else approves it. `nothing`: there was nothing to give. */
  readonly state: 'done' | 'proposed' | 'nothing' | 'dry-run';
  readonly proposal: string | null;
  readonly report: ImportReport;
}

const EXACT: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256']);
const PERCEPTUAL: ReadonlySet<string> = new Set(['pdq', 'vpdq']);
/** Entries of all lists that may have one exact hash. */
const PROOF_LIMIT = 1_000;
/** Looked up before others get their turn. */
const AT_ONCE = 64;
const ROWS_AT_ONCE = 500;

/**
 * Gives the entries of a list the perceptual hashes that they lack, from a file that was hashed where the media are: so a
 * list that only had exact hashes finds edited copies. They are derived signals like all others (derivations.ts).
 */
export class Enrichment {
  readonly #options: EnrichmentOptions;

  constructor(options: EnrichmentOptions) {
    this.#options = options;
  }

  /**
   * Reads a file and proposes what its records give to entries with one of their exact hashes. In a list of our own that
   * needs no second person it takes effect by itself, a moment later; else once somebody else has approved it.
   * @throws VigieError `list-not-found`, `list-content-other`, `index-not-loaded`, those of the parsers; the signal's
   * reason. Then nothing is proposed
   */
  async enrich(draft: EnrichmentDraft): Promise<Enriched> {
    const { database, lists, hasSource } = this.#options;
    const { id: listId, content, approval } = await getList(database.db, draft.list);
    if (content !== 'media') throw new VigieError('list-content-other', { detail: content });
    if (lists.loaded(listId) === undefined) throw new VigieError('index-not-loaded');
    const proposal = randomId();
    const tally = new Tally();
    try {
      const report = await this.#read(draft, listId, proposal, tally);
      const state = draft.dryRun ? 'dry-run' : tally.entries === 0 ? 'nothing' : undefined;
      if (state !== undefined) return { ...tally.counts(), state, proposal: null, report };
      const second = approval === 'two-person' || (await hasSource(listId));
      if (second) await this.#propose(draft, proposal, tally);
      else await this.#approve(draft, listId, proposal, tally);
      return { ...tally.counts(), state: second ? 'proposed' : 'done', proposal: second ? proposal : null, report };
    } catch (error) {
      // What a crash leaves is swept.
      await dropWaiting(database.db, proposal).catch(() => undefined);
      throw error;
    }
  }

  async #read(draft: EnrichmentDraft, listId: string, proposal: string, tally: Tally): Promise<ImportReport> {
    const { database, keyring, lists } = this.#options;
    const waiting: WaitingDerived[] = [];
    /** Entries that get signals. A record that comes again changes nothing when its signals are merged. */
    const given = new KeySet();
    const write = async () => {
      if (!draft.dryRun) await insertWaiting(database.db, { listId, proposal }, waiting);
      waiting.length = 0;
    };
    const report = await readEntries(draft.input, draft, async (some) => {
      for (const [i, record] of some.entries()) {
        if (i % AT_ONCE === AT_ONCE - 1) await nextTurn(undefined, { signal: draft.signal });
        const loaded = lists.loaded(listId);
        if (loaded === undefined) throw new VigieError('index-not-loaded');
        for (const { entry, signals } of await this.#gains(record, loaded, tally, given)) {
          const id = randomId();
          waiting.push({ id, entry, sealed: sealEntry(keyring, 'derived', id, { id: entry, signals }) });
        }
        if (waiting.length >= ROWS_AT_ONCE) await write();
      }
      draft.onProgress?.(tally.counts());
    });
    await write();
    return report;
  }

  /** What a record gives to which entries. */
  async #gains(record: Entry, list: LoadedList, tally: Tally, given: KeySet) {
    tally.records++;
    const gain = record.signals
      .filter(({ type, active }) => PERCEPTUAL.has(type) && (active || type === 'vpdq'))
      .map((signal) => ({ ...signal, derived: true }));
    const proofs = record.signals.filter(({ type }) => EXACT.has(type));
    const gains: { readonly entry: string; readonly signals: readonly EntrySignal[] }[] = [];
    if (!gain.some(({ active }) => active)) tally.withoutGain++;
    else if (proofs.length === 0) tally.withoutProof++;
    else {
      const found = await this.#entriesWith(proofs, list);
      if (found.size === 0) tally.unknown++;
      for (const [entry, known] of found) {
        const signals = gain.filter((each) => !known.some((one) => sameValue(one, each)));
        if (signals.length === 0) continue;
        given.add(entry);
        gains.push({ entry, signals });
        tally.give(signals);
      }
      if (found.size > 0 && gains.length === 0) tally.complete++;
      tally.entries = given.size;
    }
    return gains;
  }

  /** Entries of a list that have one of some exact hashes, with their signals. Withdrawn ones do not come. */
  async #entriesWith(
    proofs: readonly EntrySignal[],
    list: LoadedList,
  ): Promise<ReadonlyMap<string, readonly EntrySignal[]>> {
    const own = new Set(list.segments.map(({ id }) => id));
    const found = new Map<string, readonly EntrySignal[]>();
    for (const { type, value } of proofs) {
      for (const { segment, row } of this.#options.lists.lookup(type, value, { limit: PROOF_LIMIT }).hits) {
        if (!own.has(segment.id)) continue;
        const { id, signals } = await segment.entry(row);
        found.set(id, signals);
      }
    }
    return found;
  }

  async #propose({ list, reason, by }: EnrichmentDraft, proposal: string, { signals }: Tally): Promise<void> {
    await this.#options.proposals.propose({
      ...{ list, act: 'enrich', reason, by },
      entry: { id: proposal, signals: [] },
      waiting: { id: proposal, signals },
    });
  }

  async #approve({ reason, by }: EnrichmentDraft, listId: string, proposal: string, { entries }: Tally): Promise<void> {
    const { database, record } = this.#options;
    await database.transaction(async (tx) => {
      const { approval } = await lockList(tx, listId);
      // Since the file was begun with, somebody may have decided that two persons are needed.
      if (approval === 'two-person') throw new VigieError('approval-required');
      await approveWaiting(tx, proposal);
      const refs = { list: listId, entries };
      await record(tx, { kind: 'list.enriched', actor: by, subject: `list:${listId}`, refs, payload: { reason } });
    });
  }
}

class Tally {
  records = 0;
  entries = 0;
  complete = 0;
  unknown = 0;
  withoutProof = 0;
  withoutGain = 0;
  readonly signals: Record<string, number> = {};

  give(signals: readonly EntrySignal[]): void {
    for (const [type, count] of Object.entries(countSignals(signals))) {
      this.signals[type] = (this.signals[type] ?? 0) + count;
    }
  }

  counts(): EnrichmentCounts {
    const { records, entries, complete, unknown, withoutProof, withoutGain, signals } = this;
    return { records, entries, complete, unknown, withoutProof, withoutGain, signals: { ...signals } };
  }
}

import { join } from 'node:path';
import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import type { SegmentPlace } from '../lists/import-thread.js';
import { matchingRules } from '../lists/rules/matching-rules.js';
import type { SeenLog } from '../scan/seen-log.js';
import { signalType } from '../signals/signal-types.js';
import type { AttentionDraft } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import { findListById } from '../storage/list-store.js';
import {
  endPass,
  filesDone,
  noteEntries,
  noteFile,
  portionOf,
  type RetroRun,
  stillRunning,
  versionSegments,
} from '../storage/retro/retro-run-store.js';
import type { Db, Tx } from '../storage/schema.js';
import type { DeltaRun } from './delta-source.js';
import type { FindList, FindWriter } from './find-writer.js';
import type { RetroFind } from './retro-find.js';
import { RetroThread } from './retro-thread.js';

export interface PassOptions {
  readonly database: Database;
  readonly seen: Pick<SeenLog, 'directory' | 'files'>;
  readonly place: SegmentPlace;
  readonly writer: FindWriter;
  readonly raise: (tx: Tx, attention: AttentionDraft) => Promise<unknown>;
  readonly node: string;
  /** The key by which lists are applied to a share of all media. */
  readonly sampleKey: Uint8Array;
  /** Threads that go through the files together. */
  readonly threads: number;
  /** Whether live work waits, which goes first. */
  readonly busy: () => boolean;
  /** Told of what was written down, for the figures. */
  readonly counted?: (figures: RetroFigures) => void;
  /** Hashes of new entries that are compared at once; for tests. */
  readonly mostHashes?: number | undefined;
}

/** What was done since the last time. */
export interface RetroFigures {
  readonly records: number;
  readonly told: number;
  readonly held: number;
}

/** How often it is looked whether live work waits. */
const LOOK_MS = 100;
const PDQ = signalType('pdq').defaultThreshold;

/** One way through the seen records with the new entries of one or several lists. */
export class RetroPass {
  readonly #options: PassOptions;
  readonly #runs: readonly RetroRun[];
  readonly #pass: string;
  readonly #until: string;
  readonly #threads: RetroThread[] = [];
  #stopped = false;

  /** @param runs those of one pass, in an order that stays the same */
  constructor(options: PassOptions, runs: readonly RetroRun[], pass: string, until: string) {
    this.#options = options;
    this.#runs = runs;
    this.#pass = pass;
    this.#until = until;
  }

  /**
   * Goes through what is left of the pass, and ends it.
   * @throws VigieError `blob-not-found` when a segment was let go: the pass has to begin anew; `shutting-down` after
   * `stop`; those of the database and of the lists
   */
  async run(): Promise<void> {
    const { database, seen, busy } = this.#options;
    const files = (await seen.files()).filter((name) => name <= this.#until);
    const timer = setInterval(() => this.#pause(busy()), LOOK_MS);
    timer.unref();
    try {
      if (files.length > 0) await this.#tryPortions(files);
      await database.transaction((tx) => endPass(tx, this.#pass));
    } finally {
      clearInterval(timer);
      await this.#close();
    }
  }

  /** Makes `run` give up soon; what is done stays done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#close();
  }

  async #tryPortions(files: readonly string[]): Promise<void> {
    const { database, place, threads, mostHashes } = this.#options;
    const { db } = database;
    const deltas: DeltaRun[] = [];
    for (const run of this.#runs) deltas.push(await toDelta(db, run));
    const first = await portionOf(db, this.#pass);
    for (let i = 0; i < Math.min(threads, files.length); i++) {
      this.#assertGoing();
      this.#threads.push(new RetroThread({ place, runs: deltas, portion: first, mostHashes }));
    }
    const counts = new Map(this.#runs.map(({ id, entries }) => [id, first === 0 ? 0 : entries]));
    for (let number = first; ; number++) {
      const ready = await Promise.all(this.#threads.map((thread) => thread.portion(number > first)));
      const [portion] = ready;
      if (portion === undefined) return;
      if (number > first || first === 0) {
        for (const [id, n] of Object.entries(portion.entries)) counts.set(id, (counts.get(id) ?? 0) + n);
        await noteEntries(db, counts);
      }
      if (portion.total > 0 && !(await this.#tryFiles(files, number))) return;
    }
  }

  /** @returns false when all runs were stopped */
  async #tryFiles(files: readonly string[], portion: number): Promise<boolean> {
    const { database } = this.#options;
    const done = await filesDone(database.db, this.#pass, portion);
    const left = files.filter((file) => !done.has(file));
    let going = true;
    const work = async (thread: RetroThread) => {
      for (let file = left.shift(); file !== undefined && going; file = left.shift()) {
        this.#assertGoing();
        if ((await stillRunning(database.db, this.#pass)).size === 0) going = false;
        else await this.#tryFile(thread, file, portion);
      }
    };
    await Promise.all(this.#threads.map(work));
    return going;
  }

  async #tryFile(thread: RetroThread, file: string, portion: number): Promise<void> {
    const { database, seen, raise, node } = this.#options;
    const { finds, records, hashes, damaged, unreadable } = await thread.file(
      join(seen.directory, file),
      async (some) => this.#count(0, await database.transaction((tx) => this.#write(tx, some))),
    );
    const broken = damaged + (unreadable === null ? 0 : 1);
    const progress = { pass: this.#pass, portion, file, records, hashes, damaged: portion === 0 ? broken : 0 };
    const written = await database.transaction(async (tx) => {
      const fresh = await noteFile(tx, progress);
      const figures = await this.#write(tx, finds);
      if (!fresh || broken === 0) return figures;
      const detail = { node, file, places: damaged, ...(unreadable === null ? {} : { error: unreadable }) };
      await raise(tx, { kind: 'seen-damaged', cause: `${node}/${file}`, subject: `node:${node}`, detail });
      return figures;
    });
    this.#count(records, written);
  }

  #count(records: number, written: Omit<RetroFigures, 'records'>): void {
    this.#options.counted?.({ records, ...written });
  }

  async #write(tx: Tx, finds: readonly RetroFind[]): Promise<Omit<RetroFigures, 'records'>> {
    const sum = { told: 0, held: 0 };
    if (finds.length === 0) return sum;
    const { writer, raise } = this.#options;
    const lists = await this.#lists(tx);
    const written = await writer.write(tx, finds, lists);
    for (const [listId, { told, held }] of [...written].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { name, runId } = lists.get(listId) as FindList;
      await sql`UPDATE retro_run SET finds = finds + ${told + held} WHERE id = ${runId}`.execute(tx);
      sum.told += told;
      sum.held += held;
      const detail = { list: name, run: runId, told, held };
      await raise(tx, { kind: 'matched-later', cause: name, subject: `list:${listId}`, detail });
    }
    return sum;
  }

  /** The lists whose runs nobody has stopped, as they stand. */
  async #lists(tx: Tx): Promise<ReadonlyMap<string, FindList>> {
    const going = await stillRunning(tx, this.#pass);
    const lists = new Map<string, FindList>();
    for (const { id, listId, toVersion } of this.#runs) {
      if (!going.has(id)) continue;
      const list = await findListById(tx, listId);
      if (list === undefined) continue;
      const rules = matchingRules(list, this.#options.sampleKey);
      lists.set(listId, { name: list.name, rules, runId: id, version: toVersion });
    }
    return lists;
  }

  #pause(paused: boolean): void {
    for (const thread of this.#threads) thread.paused = paused;
  }

  #assertGoing(): void {
    if (this.#stopped) throw new VigieError('shutting-down');
  }

  async #close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

async function toDelta(db: Db, run: RetroRun): Promise<DeltaRun> {
  const { listId, fromVersion, toVersion, restored, seq } = run;
  const list = await db
    .selectFrom('list')
    .select(['threshold', 'current_version'])
    .where('id', '=', listId)
    .executeTakeFirst();
  const now = await versionSegments(db, listId, toVersion);
  if (now.length === 0 && list !== undefined && list.current_version !== toVersion)
    throw new VigieError('blob-not-found');
  // Of a version that was let go it cannot be said what it had: then every entry is new.
  const before = fromVersion === null ? [] : await versionSegments(db, listId, fromVersion);
  const { pdq = PDQ, vpdq = PDQ } = list?.threshold ?? {};
  return { run: run.id, listId, seq, threshold: pdq, frameThreshold: vpdq, before, now, restored };
}

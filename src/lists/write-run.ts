import { VigieError } from '../errors.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import {
  endImport,
  type ImportRun,
  runningImport,
  signImport,
  startImport,
  takeOverImport,
} from '../storage/import-run-store.js';
import { changeListTerms, type ListTerms, lockList } from '../storage/list-store.js';
import {
  forgetUnusedSegments,
  type NewVersion,
  publishVersion,
  retireVersions,
} from '../storage/list-version-store.js';
import { randomId } from '../storage/random-id.js';
import type { Tx } from '../storage/schema.js';

/** After this time without a sign of life a run of another node counts as interrupted. */
const SILENT_MS = 60_000;
const SIGN_OF_LIFE_MS = 15_000;

/** This process among the others, as far as imports need to know. */
export interface OwnNode {
  readonly id: string;
  /** Whether another node is gone for certain, so that what it was writing is free at once. */
  hasLeft(id: string): Promise<boolean>;
}

interface Claim {
  readonly name: string | null;
  readonly fingerprint: string | null;
  /** Whether an interrupted run can be gone on with; any other one is abandoned. */
  readonly resumable?: (run: ImportRun) => Promise<boolean>;
}

/** A run that this process holds. */
export interface HeldRun extends AsyncDisposable {
  readonly run: ImportRun;
  readonly resumed: boolean;
}

/**
 * Sees to it that only one at a time writes a version of a list: an import, a delta or a compaction, in this process or
 * on another node. The row of the run in the database is the lock; it also gives out the number of the version.
 */
export class WriteRuns {
  readonly #database: Database;
  readonly #node: OwnNode;
  readonly #held = new Set<string>();
  readonly #beginning = new Set<string>();

  constructor(database: Database, node: OwnNode = { id: randomId(), hasLeft: async () => false }) {
    this.#database = database;
    this.#node = node;
  }

  /** @throws VigieError `import-in-progress`, `list-not-found` */
  async claim(listId: string, { name, fingerprint, resumable }: Claim): Promise<HeldRun> {
    if (this.#beginning.has(listId)) throw new VigieError('import-in-progress');
    this.#beginning.add(listId);
    try {
      const { db } = this.#database;
      const holder = `${this.#node.id}/${randomId()}`;
      const before = await runningImport(db, listId);
      if (before !== undefined) {
        if (await this.#isAlive(before)) throw new VigieError('import-in-progress');
        if (!(await takeOverImport(db, before, holder))) throw new VigieError('import-in-progress');
        if (resumable !== undefined && (await resumable(before)))
          return this.#hold({ ...before, holder }, holder, true);
        await endImport(db, before.id, 'abandoned');
      }
      const run = await this.#database.transaction((tx) => startImport(tx, listId, { name, fingerprint, holder }));
      return this.#hold(run, holder, false);
    } finally {
      this.#beginning.delete(listId);
    }
  }

  holds(run: Pick<ImportRun, 'id'>): boolean {
    return this.#held.has(run.id);
  }

  async #isAlive({ id, holder, silentMs }: ImportRun): Promise<boolean> {
    if (this.#held.has(id)) return true;
    // An embedded database belongs to this process alone: what it does not hold, nobody does.
    if (this.#database.dialect === 'embedded' || silentMs >= SILENT_MS) return false;
    const [node] = holder?.split('/') ?? [];
    return node === undefined || (node !== this.#node.id && !(await this.#node.hasLeft(node)));
  }

  #hold(run: ImportRun, holder: string, resumed: boolean): HeldRun {
    this.#held.add(run.id);
    const timer = setInterval(() => void this.#sign(run, holder), SIGN_OF_LIFE_MS);
    timer.unref();
    return {
      run,
      resumed,
      [Symbol.asyncDispose]: async () => {
        clearInterval(timer);
        await this.#letGo(run, holder);
        this.#held.delete(run.id);
      },
    };
  }

  /** A run that has not ended is interrupted from now on, and any node may go on with it at once. */
  async #letGo({ id }: ImportRun, holder: string): Promise<void> {
    // When the database is away, the run counts as interrupted after a while all the same.
    await signImport(this.#database.db, id, holder, SILENT_MS).catch(() => undefined);
  }

  async #sign({ id }: ImportRun, holder: string): Promise<void> {
    if (this.#database.dialect !== 'server') return;
    // When the database is away: a run that was taken over meanwhile is told when it saves or publishes.
    await signImport(this.#database.db, id, holder).catch(() => undefined);
  }
}

export interface PublishOptions {
  /** Versions that are kept beside the current one. */
  readonly keep: number;
  readonly terms?: ListTerms | undefined;
  readonly record?: RecordEvent | undefined;
  readonly kind?: 'list.published' | 'list.merged';
  /** What else belongs into the transaction. */
  readonly also?: ((tx: Tx) => Promise<void>) | undefined;
}

/**
 * Publishes a version, lets go of versions beyond `keep`, and says what there is to say of the list: one transaction.
 * @returns the sequence number of the last change
 */
export async function publish(
  database: Database,
  listId: string,
  next: NewVersion,
  { keep, terms, record, kind = 'list.published', also }: PublishOptions,
): Promise<number> {
  return await database.transaction(async (tx) => {
    if (terms !== undefined && Object.keys(terms).length > 0) await changeListTerms(tx, listId, terms);
    // One order of locks for all: the list, then what belongs to it.
    await lockList(tx, listId);
    await also?.(tx);
    const { version, entries } = next;
    await record?.(tx, { kind, subject: `list:${listId}`, refs: { list: listId, version, entries } });
    const seq = await publishVersion(tx, listId, next);
    await retireVersions(tx, listId, keep);
    // Their blobs stay until the sweep: another node may be reading them.
    await forgetUnusedSegments(tx);
    return seq;
  });
}

/** Ends a run that did not publish, and removes what it had staged. */
export async function discard(
  database: Database,
  blobs: Pick<BlobStore, 'delete'>,
  run: ImportRun,
  state: 'failed' | 'abandoned',
): Promise<void> {
  const current = await runningImport(database.db, run.listId);
  await endImport(database.db, run.id, state);
  if (current?.id !== run.id) return;
  for (const { id } of current.progress.staged) await blobs.delete(id);
}

import { VigieError } from '../errors.js';
import type { Lists } from '../lists/lists.js';
import type { SeenLog } from '../scan/seen-log.js';
import type { AttentionKey } from '../storage/attention/raise-attention.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { getList } from '../storage/list-store.js';
import { randomId } from '../storage/random-id.js';
import { type FindFilter, listFinds, type StoredFind } from '../storage/retro/retro-find-store.js';
import {
  askForRuns,
  beginPass,
  giveUpPass,
  listRuns,
  openRuns,
  type RetroRun,
  reconcileRuns,
  stopRuns,
} from '../storage/retro/retro-run-store.js';
import type { Db, RetroOutcome, Tx } from '../storage/schema.js';
import type { SealedFind } from './find-writer.js';
import { type PassOptions, RetroPass } from './retro-pass.js';

export interface RetroOptions extends Omit<PassOptions, 'seen'> {
  readonly seen: SeenLog;
  readonly lists: Pick<Lists, 'appliedSeq'>;
  readonly record: RecordEvent;
  readonly settle: (tx: Tx, attention: AttentionKey) => Promise<unknown>;
  readonly unsealForSubject: (db: Db, subject: string, sealed: Uint8Array, aad: string) => Promise<Uint8Array>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A find for people: what of it is sealed is null once its subject was erased. */
export interface ShownFind extends Omit<StoredFind, 'sealed' | 'reference' | 'subject'> {
  readonly sha256: string | null;
  readonly itemRef: string | null;
}

/** After what went wrong, it is tried again. */
const AGAIN_MS = 60_000;

/** Tries what comes to the lists against what was seen before, on this node. */
export class Retro {
  readonly #options: RetroOptions;
  readonly #now: () => number;
  /** Runs of this node that waited or were under way when it was looked last. */
  open = 0;
  #pass: RetroPass | undefined;
  #closed = false;
  #restUntil = 0;

  constructor(options: RetroOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Notes what the lists hold on this node's first day. To be called before lists can change here. */
  async start(): Promise<void> {
    const { database, node } = this.#options;
    await database.transaction((tx) => reconcileRuns(tx, node, true));
  }

  /**
   * Does what there is to do: goes on with a pass that was cut off, or begins one with all that is new.
   * @returns how many runs were ended
   */
  async turn(): Promise<number> {
    if (this.#closed || this.#now() < this.#restUntil) return 0;
    const { database, node, lists, seen } = this.#options;
    await database.transaction((tx) => reconcileRuns(tx, node, false));
    const open = await openRuns(database.db, node);
    this.open = open.length;
    const running = open.filter(({ state }) => state === 'running');
    const [cut] = running;
    if (cut !== undefined) {
      const pass = cut.pass ?? '';
      return await this.#run(
        running.filter((run) => run.pass === pass),
        pass,
        cut.untilFile ?? '',
      );
    }
    // Until the entries are searched here, media may still be looked up without them.
    const due = open.filter(({ seq }) => seq <= lists.appliedSeq);
    if (due.length === 0) return 0;
    await seen.settled();
    const files = await seen.files();
    const until = files.at(-1) ?? '';
    const pass = randomId();
    const ids = await database.transaction((tx) =>
      beginPass(tx, { ids: due.map(({ id }) => id), pass, until, files: files.length }),
    );
    return await this.#run(
      due.filter(({ id }) => ids.includes(id)),
      pass,
      until,
    );
  }

  /** Runs of all nodes, newest first. */
  async ls(limit: number, list?: string): Promise<readonly RetroRun[]> {
    return await listRuns(this.#options.database.db, limit, list);
  }

  /**
   * Has every node try all entries of a list against all that it has seen.
   * @param by id of the principal
   * @returns how many nodes were asked
   * @throws VigieError `list-not-found`
   */
  async ask(name: string, by: string): Promise<number> {
    const { database, record } = this.#options;
    const { id, currentVersion } = await getList(database.db, name);
    return await database.transaction(async (tx) => {
      const asked = await askForRuns(tx, id);
      const refs = { list: id, version: currentVersion };
      await record(tx, { kind: 'retro.asked', actor: by, subject: `list:${id}`, refs });
      return asked;
    });
  }

  /** Ends the runs of a list, on every node. @returns how many @throws VigieError `list-not-found` */
  async stop(name: string, by: string): Promise<number> {
    const { database, record } = this.#options;
    const { id } = await getList(database.db, name);
    return await database.transaction(async (tx) => {
      const runs = await stopRuns(tx, id);
      await record(tx, { kind: 'retro.stopped', actor: by, subject: `list:${id}`, refs: { list: id, runs } });
      return runs;
    });
  }

  /** What was found, newest first. @param filter `itemRef` is what a sender called the medium */
  async finds(filter: {
    readonly list?: string | undefined;
    readonly item?: string | undefined;
    readonly itemRef?: string | undefined;
    readonly outcome?: RetroOutcome | undefined;
    readonly limit: number;
  }): Promise<readonly ShownFind[]> {
    const { database, writer } = this.#options;
    const { itemRef, ...rest } = filter;
    const asked: FindFilter = { ...rest, reference: itemRef === undefined ? undefined : writer.referenceHash(itemRef) };
    const shown: ShownFind[] = [];
    for (const find of await listFinds(database.db, asked)) shown.push(await this.#show(find));
    return shown;
  }

  /** Lets go of a pass that is under way; it is gone on with at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pass?.stop();
  }

  async #show({ sealed, reference: _reference, subject, ...find }: StoredFind): Promise<ShownFind> {
    const { database, unsealForSubject } = this.#options;
    try {
      const plain = Buffer.from(await unsealForSubject(database.db, subject, sealed, find.id)).toString();
      return { ...find, ...(JSON.parse(plain) as SealedFind) };
    } catch (error) {
      if (VigieError.from(error).code !== 'subject-erased') throw error;
      return { ...find, sha256: null, itemRef: null };
    }
  }

  async #run(runs: readonly RetroRun[], pass: string, until: string): Promise<number> {
    const { database, settle, raise, node } = this.#options;
    this.#pass = new RetroPass(this.#options, runs, pass, until);
    try {
      await this.#pass.run();
      await database.transaction((tx) => settle(tx, { kind: 'retro-stuck', cause: node }));
      this.open = Math.max(0, this.open - runs.length);
      return runs.length;
    } catch (error) {
      const { code } = VigieError.from(error);
      if (this.#closed) return 0;
      if (code === 'blob-not-found') {
        // A version was let go meanwhile: with the one that is current now it begins anew.
        await database.transaction((tx) => giveUpPass(tx, pass, code));
        return 0;
      }
      this.#restUntil = this.#now() + AGAIN_MS;
      await database.transaction(async (tx) => {
        await tx.updateTable('retro_run').set({ last_error: code }).where('pass', '=', pass).execute();
        await raise(tx, { kind: 'retro-stuck', cause: node, subject: `node:${node}`, detail: { node, error: code } });
      });
      throw error;
    } finally {
      this.#pass = undefined;
    }
  }
}

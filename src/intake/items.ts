import { createHmac } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { Accounts } from '../storage/accounts/accounts.js';
import type { Database } from '../storage/database.js';
import { Gather } from '../storage/gather.js';
import {
  type Insertion,
  insertItems,
  itemsOfPlatformId,
  markGone,
  type NewItem,
  readItems,
  readItemVerdict,
} from '../storage/items/item-rows.js';
import { markPublished, reopenItems } from '../storage/items/item-upkeep.js';
import type { Keyring } from '../storage/keyring.js';
import { randomId } from '../storage/random-id.js';
import type { ItemState, Tx } from '../storage/schema.js';
import { SqlError } from '../storage/sql-error.js';
import type { WorkStream } from '../storage/work/work-stream.js';
import { comparedOf, contentOf, type ItemDraft, MEDIA_LIMIT, type StoredMedium } from './item-draft.js';
import type { ItemMedia } from './item-media.js';
import { type ItemReport, reportOf } from './item-report.js';
import type { PrivateSurfaces } from './private-surfaces.js';
import { QueueRoom } from './queue-room.js';
import { sealContent } from './sealed-content.js';

export interface ItemsOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly stream: WorkStream;
  readonly accounts: Accounts;
  readonly media: ItemMedia;
  readonly privateSurfaces: PrivateSurfaces;
  /** Judges where a medium is to be fetched from, as far as that goes now. @throws VigieError `url-invalid`, `url-forbidden` */
  readonly assertUrl: (url: string) => void;
  /** The secret that content is compared under. */
  readonly fingerprintKey: Uint8Array;
  /** Items that may wait for their verdict; one more is refused. */
  readonly mostWaiting?: number;
  readonly gatherMs?: number;
  readonly patienceMs?: number;
}

/** What became of an item that was handed in. */
export interface ItemReceipt {
  readonly id: string;
  readonly state: ItemState;
  /** False when the same item was handed in before. */
  readonly fresh: boolean;
}

interface Handed extends Omit<NewItem, 'accountId'> {
  readonly account: string | undefined;
}

/** Under load, items are laid down in larger batches. */
const PACE_MS = 20;
/** Revisions of one thing that are told of; more is an endless edit. */
const MOST_REVISIONS = 20;
/** What PostgreSQL says when an account was erased while its id was still remembered. */
const FOREIGN_KEY = '23503';

/** The way in: what is shared becomes an item that waits for its verdict, once, whoever hands it in how often. */
export class Items {
  readonly #options: ItemsOptions;
  readonly #room: QueueRoom;
  readonly #gather: Gather<Handed, Insertion>;

  constructor(options: ItemsOptions) {
    this.#options = options;
    const { stream, database, gatherMs, patienceMs } = options;
    this.#room = new QueueRoom({ stream, database, most: options.mostWaiting ?? 2_000_000 });
    this.#gather = new Gather({
      act: (batch) => this.#layDown(batch),
      paceMs: PACE_MS,
      ...(gatherMs === undefined ? {} : { gatherMs }),
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
  }

  /** Ask before reading what is to be handed in. @throws VigieError `queue-full` */
  async assertRoom(): Promise<void> {
    await this.#room.assert();
  }

  /** Ask before reading the media of an item. @throws VigieError `url-invalid`, `url-forbidden`, `surface-private` */
  async assertAllowed({ media = [], surface, jurisdiction }: ItemDraft): Promise<void> {
    for (const [i, { url }] of media.entries()) if (url !== undefined) this.#assertUrl(url, `/media/${i}/url`);
    await this.#options.privateSurfaces.assertAllowed(surface, jurisdiction);
  }

  /**
   * Takes an item in; it is stored and will be looked at when this returns.
   * @param files media that came as bytes. They are the item's from here on: deleted when it was there already
   * @throws VigieError `url-invalid`, `url-forbidden`, `surface-private`, `queue-full`, `item-conflict`,
   * `request-invalid`, those of the database
   */
  async hand(draft: ItemDraft, files: readonly StoredMedium[] = []): Promise<ItemReceipt> {
    const blobs = files.map(({ blob }) => blob);
    let insertion: Insertion;
    try {
      if ((draft.media?.length ?? 0) + files.length > MEDIA_LIMIT) {
        throw new VigieError('request-invalid', { detail: `more than ${MEDIA_LIMIT} media` });
      }
      await this.assertAllowed(draft);
      insertion = await this.#gather.add(this.#prepare(draft, files));
    } catch (error) {
      // A lost connection leaves open whether the item is there; then the sweep decides.
      if (error instanceof VigieError && error.status < 500) await this.#options.media.drop(blobs);
      throw error;
    }
    const { id, state, outcome } = insertion;
    if (outcome !== 'new') await this.#options.media.drop(blobs);
    if (outcome === 'other') throw new VigieError('item-conflict');
    return { id, state, fresh: outcome === 'new' };
  }

  /**
   * Notes that things were taken down by their platform or their author; what of them still waits is looked at all the same.
   * @returns ids of the items that were there until now
   */
  async gone(platform: string, platformIds: readonly string[]): Promise<readonly string[]> {
    return await markGone(this.#options.database.db, platform, platformIds);
  }

  /** What is known of an item, with its verdict. @throws VigieError `item-not-found` */
  async report(id: string): Promise<ItemReport> {
    const [report] = await this.#reports([id]);
    if (report === undefined) throw new VigieError('item-not-found');
    return report;
  }

  /** What is known of something by the platform's own id: its revisions, the newest first; none when it never came. */
  async reportsOf(platform: string, platformId: string): Promise<readonly ItemReport[]> {
    return await this.#reports(
      await itemsOfPlatformId(this.#options.database.db, platform, platformId, MOST_REVISIONS),
    );
  }

  async #reports(ids: readonly string[]): Promise<ItemReport[]> {
    const { db } = this.#options.database;
    const reports: ItemReport[] = [];
    for (const item of await readItems(db, ids)) {
      if (item === undefined) continue;
      // The verdict is read after the state, so that a told item never comes without it.
      reports.push(reportOf(item, item.state === 'waiting' ? undefined : await readItemVerdict(db, item.id)));
    }
    return reports;
  }

  /**
   * Lets items that were set aside be looked at again, as a part of the transaction. Others are left as they are.
   * @returns how many wait again
   */
  async requeue(tx: Tx, ids: readonly string[]): Promise<number> {
    const { transactional } = this.#options.stream;
    const reopened = await reopenItems(tx, ids, transactional !== undefined);
    // Without a stream in the database they are given to it by the sweep, once this has been committed.
    await transactional?.publish(tx, reopened);
    return reopened.length;
  }

  /** Waits for what is being laid down. */
  async close(): Promise<void> {
    await this.#gather.close();
  }

  #assertUrl(url: string, field: string): void {
    try {
      this.#options.assertUrl(url);
    } catch (thrown) {
      const { code, detail } = VigieError.from(thrown);
      throw new VigieError(code, { detail: detail === undefined ? field : `${field}: ${detail}`, cause: thrown });
    }
  }

  #prepare(draft: ItemDraft, files: readonly StoredMedium[]): Handed {
    const { platform, id: platformId, account, room = null, surface, lane = 'live', media = [] } = draft;
    const { revision = '', album = null, seenAt = null } = draft;
    const id = randomId();
    return {
      id,
      platform,
      platformId,
      fingerprint: this.#fingerprint(draft, files),
      account,
      room,
      surface,
      lane,
      ...{ revision, album, seenAt },
      sealed: sealContent(this.#options.keyring, id, contentOf(draft, files)),
      blobs: new Map(files.map(({ blob }, i) => [media.length + i, blob])),
    };
  }

  #fingerprint(draft: ItemDraft, files: readonly StoredMedium[]): Uint8Array {
    const whole = JSON.stringify([comparedOf(draft), files.map(({ digest }) => digest)]);
    return new Uint8Array(createHmac('sha256', this.#options.fingerprintKey).update(whole).digest());
  }

  async #layDown(batch: readonly Handed[]): Promise<readonly Insertion[]> {
    const { database, stream } = this.#options;
    const insertions = await database
      .transaction((tx) => this.#insert(tx, batch))
      .catch(async (error: unknown) => {
        if (!(error instanceof SqlError) || error.sqlState !== FOREIGN_KEY) throw error;
        this.#options.accounts.forget();
        return await database.transaction((tx) => this.#insert(tx, batch));
      });
    if (stream.transactional === undefined) await this.#publish(batch, insertions);
    else stream.transactional.published();
    return insertions;
  }

  async #insert(tx: Tx, batch: readonly Handed[]): Promise<Insertion[]> {
    const { accounts, stream } = this.#options;
    const named = batch.filter((each): each is Handed & { account: string } => each.account !== undefined);
    const ids = await accounts.idsOf(tx, named);
    const accountOf = new Map(named.map((each, i) => [each, ids[i]]));
    const items = batch.map((each) => {
      const { account: _account, ...rest } = each;
      return { ...rest, accountId: accountOf.get(each as Handed & { account: string }) ?? null };
    });
    const insertions = await insertItems(tx, items, stream.transactional !== undefined);
    await stream.transactional?.publish(tx, fresh(batch, insertions));
    return insertions;
  }

  /** The items are safe in the database: a stream that does not answer gets them from the sweep. */
  async #publish(batch: readonly Handed[], insertions: readonly Insertion[]): Promise<void> {
    const pieces = fresh(batch, insertions);
    if (pieces.length === 0) return;
    try {
      await this.#options.stream.publish(pieces);
      await markPublished(
        this.#options.database.db,
        pieces.map(({ id }) => id),
      );
    } catch (error) {
      if (!(error instanceof VigieError)) throw error;
    }
  }
}

function fresh(batch: readonly Handed[], insertions: readonly Insertion[]) {
  return batch.filter((_, i) => insertions[i]?.outcome === 'new').map(({ id, lane }) => ({ id, lane }));
}

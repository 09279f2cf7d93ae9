import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { VigieError } from '../errors.js';
import type { FetchFromPlatform } from '../intake/intake-parts.js';
import { openContent } from '../intake/sealed-content.js';
import { storeMedium } from '../intake/store-medium.js';
import type { SealedBlobStore } from '../lists/sealed-blob-store.js';
import type { GuardedClient } from '../net/guarded-client.js';
import { every } from '../runtime/every.js';
import { raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import {
  anyUnsealed,
  claimEvidence,
  type EvidenceRow,
  evidenceOf,
  isBeingSealed,
  noteDestroyed,
  noteFailed,
  noteSealed,
  overdueEvidence,
  wantEvidence,
} from '../storage/enforcement/evidence-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { readItems } from '../storage/items/item-rows.js';
import type { Keyring } from '../storage/keyring.js';
import type { Tx } from '../storage/schema.js';

export interface EvidenceOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly record: RecordEvent;
  /** Where the media of items lie sealed; what is evidence stays there. */
  readonly blobs: SealedBlobStore;
  readonly client: Pick<GuardedClient, 'fetch'>;
  readonly fetch?: FetchFromPlatform | undefined;
  readonly maximumBytes: number;
  /** How long bytes are kept; 90 days when left out. Milliseconds, as below. */
  readonly retainMs?: number;
  /** How long an act waits for the bytes of its item. */
  readonly patienceMs?: number;
  readonly failed?: (error: unknown) => void;
}

/** A medium of an item that is to be kept. */
export interface KeptMedium {
  readonly ordinal: number;
  readonly sha256?: Uint8Array | undefined;
  readonly blob?: string | undefined;
  readonly bytes?: number | undefined;
}

const DAY = 86_400_000;
/** Between two looks for what is left to do. */
const POLL_MS = 5_000;
const LEASE_MS = 90_000;
const SEAL_MS = 60_000;
/** The first look of the loop at what an act should have sealed. */
const FIRST_MS = 20_000;
const WAIT_MS = [10_000, 60_000, 300_000, 900_000, 3_600_000] as const;
const ATTEMPTS = 12;
const AT_ONCE = 4;
const PAGE = 100;
const CAUSE = 'sealing';

/** What is wrong with the medium or its place; the rest is trouble of ours, which passes. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'media-too-large',
  'url-forbidden',
  'url-invalid',
  'platform-not-found',
]);

/** Bytes of what is taken down, sealed before that and destroyed when their time is over. */
export class Evidence {
  readonly #options: EvidenceOptions;
  #stop: (() => Promise<void>) | undefined;
  readonly #closing = new AbortController();

  constructor(options: EvidenceOptions) {
    this.#options = options;
  }

  /** Begins to seal what no act has sealed, and to destroy what is over. */
  start(): void {
    const { failed = () => undefined } = this.#options;
    this.#stop = every(POLL_MS, () => this.tend(), failed);
  }

  async close(): Promise<void> {
    this.#closing.abort(new VigieError('shutting-down'));
    await this.#stop?.();
  }

  /** Says that media are to be kept. Those that came as bytes are kept from now on: nobody may delete their blobs. */
  async want(tx: Tx, itemId: string, media: readonly KeptMedium[]): Promise<void> {
    const { retainMs = 90 * DAY } = this.#options;
    const wanted = media.map(({ ordinal, blob = null, bytes = null, sha256 = null }) => ({
      ...{ ordinal, blob, bytes, sha256 },
    }));
    for (const row of await wantEvidence(tx, itemId, wanted, { retainMs, firstMs: FIRST_MS })) {
      if (row.state === 'sealed') await this.#recordSealed(tx, row, row.bytes);
    }
  }

  /**
   * Seals what is wanted of an item and was not tried yet, and waits for another that does so: for a few seconds at the
   * most, as an act waits for it. Trouble of its own is written down, tried again later, and never an error.
   */
  async sealNow(itemId: string, signal: AbortSignal): Promise<void> {
    const { database, patienceMs = 5_000, failed = () => undefined } = this.#options;
    const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    try {
      const rows = await claimEvidence(database.db, { itemId }, LEASE_MS);
      await Promise.all(rows.map((row) => this.#seal(row, patience)));
      while (!patience.aborted && (await isBeingSealed(database.db, itemId))) {
        await pause(50, undefined, { signal: patience }).catch(() => undefined);
      }
    } catch (error) {
      failed(error);
    }
  }

  /** Seals what is due and destroys what is over. @returns how many of each */
  async tend(): Promise<{ readonly sealed: number; readonly destroyed: number }> {
    const { database } = this.#options;
    const rows = await claimEvidence(database.db, { most: AT_ONCE }, LEASE_MS);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(SEAL_MS)]);
    const sealed = await Promise.all(rows.map((row) => this.#seal(row, signal)));
    return { sealed: sealed.filter(Boolean).length, destroyed: await this.destroyOverdue() };
  }

  /**
   * Destroys what has been kept for its time: the bytes first, then it is written down. One that cannot be destroyed does
   * not keep the others from it.
   * @returns how many media
   * @throws the first error, when all was tried
   */
  async destroyOverdue(): Promise<number> {
    const { database } = this.#options;
    let destroyed = 0;
    const failures: unknown[] = [];
    for (const row of await overdueEvidence(database.db, PAGE)) {
      try {
        if (await this.#destroy(row)) destroyed++;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return destroyed;
  }

  /** What of an item is or was kept. */
  async of(itemId: string): Promise<readonly EvidenceRow[]> {
    return await evidenceOf(this.#options.database.db, itemId);
  }

  async #destroy({ id, item_id: item, medium, bytes, blob }: EvidenceRow): Promise<boolean> {
    const { database, blobs, record } = this.#options;
    if (blob !== null) await blobs.delete(blob);
    return await database.transaction(async (tx) => {
      if (!(await noteDestroyed(tx, id))) return false;
      const refs = { evidence: id, item, medium, bytes, blob };
      await record(tx, { kind: 'evidence.destroyed', actor: 'service', subject: `item:${item}`, refs });
      return true;
    });
  }

  /** @returns whether it is sealed now */
  async #seal(row: EvidenceRow, signal: AbortSignal): Promise<boolean> {
    const { database, blobs } = this.#options;
    let stored: { readonly blob: string; readonly bytes: number; readonly sha256: Uint8Array };
    try {
      stored = await this.#store(row, signal);
    } catch (thrown) {
      // Its lease runs out, and another goes on.
      if (this.#closing.signal.aborted) return false;
      await this.#couldNot(row, signal.aborted ? 'fetch-timeout' : VigieError.from(thrown).code);
      return false;
    }
    const kept = await database.transaction(async (tx) => {
      if (!(await noteSealed(tx, row.id, stored))) return false;
      await this.#recordSealed(tx, row, stored.bytes);
      if (row.last_error !== null && !(await anyUnsealed(tx))) {
        await settleAttention(tx, { kind: 'evidence-not-sealed', cause: CAUSE }, 'service');
      }
      return true;
    });
    if (!kept) await blobs.delete(stored.blob);
    return kept;
  }

  async #store({ item_id: itemId, medium }: EvidenceRow, signal: AbortSignal) {
    const { database, keyring, client, fetch } = this.#options;
    const [item] = await readItems(database.db, [itemId]);
    const place = item && openContent(keyring, item.id, item.sealed).media[medium];
    if (item === undefined || place === undefined) throw new VigieError('url-invalid', { detail: 'no such medium' });
    if (place.url !== null) return await client.fetch(place.url, ({ body }) => this.#write(body, signal), { signal });
    if (place.ref === undefined || fetch === undefined) throw new VigieError('platform-not-found');
    return await this.#write(await fetch(item.platform, place.ref, signal), signal);
  }

  async #write(source: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    const { blobs, maximumBytes } = this.#options;
    const digest = createHash('sha256');
    const stored = await storeMedium(blobs, source, digest, { maximumBytes, signal });
    return { ...stored, sha256: new Uint8Array(digest.digest()) };
  }

  async #couldNot({ id, item_id: item, medium, attempts }: EvidenceRow, error: string): Promise<void> {
    const { database, record } = this.#options;
    const lost = NOT_OURS.has(error) || attempts >= ATTEMPTS;
    const waitMs = WAIT_MS[Math.min(attempts, WAIT_MS.length) - 1] ?? WAIT_MS[0];
    await database.transaction(async (tx) => {
      if (!(await noteFailed(tx, id, error, lost ? null : waitMs))) return;
      if (lost) {
        const refs = { evidence: id, item, medium, error };
        await record(tx, { kind: 'evidence.not-had', actor: 'service', subject: `item:${item}`, refs });
      }
      const detail = { item, error };
      await raiseAttention(tx, { kind: 'evidence-not-sealed', cause: CAUSE, subject: 'service', detail });
    });
  }

  async #recordSealed(tx: Tx, row: EvidenceRow, bytes: number | null): Promise<void> {
    const { id: evidence, item_id: item, medium, retain_until: until } = row;
    const refs = { evidence, item, medium, bytes, retainUntil: until.toISOString() };
    await this.#options.record(tx, { kind: 'evidence.sealed', actor: 'service', subject: `item:${item}`, refs });
  }
}

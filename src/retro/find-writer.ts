import { createHmac } from 'node:crypto';
import { isExact } from '../index/signal-widths.js';
import type { MatchingRules } from '../lists/rules/matching-rules.js';
import { silenceOf } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { randomId } from '../storage/random-id.js';
import {
  countsByEntry,
  type FoundItem,
  insertFind,
  itemsOfFinds,
  knownFinds,
} from '../storage/retro/retro-find-store.js';
import type { RetroOutcome, Tx } from '../storage/schema.js';
import type { RetroFind } from './retro-find.js';
import { textOf } from './seen-matcher.js';

/** What is told of a find, beside what the find says itself. */
export interface FindTold {
  readonly id: string;
  readonly eventId: string;
  readonly item: { readonly id: string; readonly platform: string | null; readonly platformId: string | null } | null;
  readonly medium: number | null;
  readonly itemRef: string | null;
  readonly list: string;
  readonly version: number;
  readonly subject: string;
  readonly find: RetroFind;
}

export interface FindWriterOptions {
  readonly record: RecordEvent;
  readonly sealForSubject: (tx: Tx, subject: string, plain: Uint8Array, aad: string) => Promise<Uint8Array>;
  /** Queues what follows from a find as a part of the transaction. */
  readonly tell: (tx: Tx, told: FindTold) => Promise<void>;
  /** Keeps the keyed hash of a reference the same for good. */
  readonly referenceKey: Uint8Array;
  readonly node: string;
}

/** The list that finds are of, as it stands. */
export interface FindList {
  readonly runId: string;
  readonly name: string;
  readonly version: number;
  /** As they are now: what they keep from matching is no find. */
  readonly rules: MatchingRules;
}

/** Of one entry so many finds are told one by one; more are written down, and told by their number. */
export const TOLD_OF_ONE_ENTRY = 1_000;

export interface Written {
  readonly told: number;
  readonly held: number;
}

/** What stays sealed of a find: it leads to the medium, and may say something of a person. */
export interface SealedFind {
  readonly sha256: string;
  readonly itemRef: string | null;
}

/** Writes finds down, each once, with all that follows from it. */
export class FindWriter {
  readonly #options: FindWriterOptions;

  constructor(options: FindWriterOptions) {
    this.#options = options;
  }

  /** The form in which finds can be asked for by what a sender called the medium. */
  referenceHash(itemRef: string): Uint8Array {
    return createHmac('sha256', this.#options.referenceKey).update(itemRef).digest().subarray(0, 16);
  }

  /**
   * Writes finds as a part of the transaction; those of entries that were withdrawn meanwhile or that the list's rules keep from
   * matching, those that the item's own
   * verdict tells already, and those that were written before are left out.
   * @param lists by id; finds of others are left out: they were removed, or nobody wants them any more
   * @returns by list id how many were written
   */
  async write(
    tx: Tx,
    finds: readonly RetroFind[],
    lists: ReadonlyMap<string, FindList>,
  ): Promise<ReadonlyMap<string, Written>> {
    const written = new Map<string, Written>();
    const wanted = finds.filter(({ listId }) => lists.has(listId));
    if (wanted.length === 0) return written;
    const keyed = new Map(wanted.map((find) => [this.#key(find).toString('base64'), find]));
    for (const key of await knownFinds(
      tx,
      [...keyed.keys()].map((key) => Buffer.from(key, 'base64')),
    )) {
      keyed.delete(key);
    }
    const ids = [...keyed.values()].map(({ reference }) => (reference.kind === 'item' ? reference.id : ''));
    const items = await itemsOfFinds(
      tx,
      ids.filter((id) => id !== ''),
    );
    for (const [listId, list] of lists) {
      const ofList = [...keyed].filter(([, find]) => find.listId === listId);
      if (ofList.length === 0) continue;
      const entries = ofList.map(([, { entry }]) => entry);
      const silence = await silenceOf(tx, listId, entries);
      const counts = await countsByEntry(tx, listId, entries);
      let told = 0;
      let held = 0;
      for (const [key, find] of ofList) {
        const item = find.reference.kind === 'item' ? items.get(find.reference.id) : undefined;
        if (!mayMatch(find, list.rules)) continue;
        const silent = silence.get(find.entry);
        if (silent === 'whole' || (silent === 'near' && !isExact(find.signal))) continue;
        if (isKnown(item, find, list.name)) continue;
        const count = counts.get(find.entry) ?? 0;
        const outcome = list.rules.shadow ? 'shadow' : count < TOLD_OF_ONE_ENTRY ? 'told' : 'held';
        if (!(await this.#write(tx, Buffer.from(key, 'base64'), find, { list, item, outcome }))) continue;
        counts.set(find.entry, count + 1);
        if (outcome === 'told') told++;
        else if (outcome === 'held') held++;
      }
      if (told + held > 0) written.set(listId, { told, held });
    }
    return written;
  }

  async #write(
    tx: Tx,
    key: Uint8Array,
    find: RetroFind,
    { list, item, outcome }: { list: FindList; item: FoundItem | undefined; outcome: RetroOutcome },
  ): Promise<boolean> {
    const { record, sealForSubject, tell, node } = this.#options;
    const id = randomId();
    const { reference, listId, entry } = find;
    const itemId = reference.kind === 'item' ? reference.id : null;
    const itemRef = reference.kind === 'text' ? reference.text : null;
    const medium = reference.kind === 'item' ? reference.ordinal : null;
    const subject = itemId === null ? `find:${id}` : `item:${itemId}`;
    const { sha256: bytes, reference: _reference, listId: _listId, entry: _entry, words: _words, ...detail } = find;
    const sha256 = Buffer.from(bytes).toString('hex');
    const plain = Buffer.from(JSON.stringify({ sha256, itemRef } satisfies SealedFind));
    const fresh = await insertFind(tx, {
      ...{ id, key, runId: list.runId, listId, version: list.version, entry, item: itemId, medium },
      reference: itemRef === null ? (reference.kind === 'hashed' ? reference.hash : null) : this.referenceHash(itemRef),
      ...{ subject, detail, sealed: await sealForSubject(tx, subject, plain, id), outcome },
      seenAt: new Date(find.seenAt),
    });
    if (!fresh || outcome === 'held') return fresh;
    const refs = { find: id, list: listId, version: list.version };
    const payload = { ...detail, entry, sha256, itemRef };
    const actor = `node:${node}`;
    const eventId =
      itemId === null
        ? await record(tx, { kind: 'scan.matched-later', actor, subject, refs, payload })
        : await record(tx, { kind: 'item.matched-later', actor, subject, refs: { ...refs, item: itemId }, payload });
    if (outcome === 'shadow') return true;
    const { platform = null, platformId = null } = item ?? {};
    await tell(tx, {
      ...{ id, eventId, medium, itemRef, list: list.name, version: list.version, subject, find },
      item: itemId === null ? null : { id: itemId, platform, platformId },
    });
    return true;
  }

  #key({ listId, entry, reference, sha256 }: RetroFind): Buffer {
    const what = JSON.stringify([listId, entry, textOf(reference), Buffer.from(sha256).toString('base64')]);
    return createHmac('sha256', this.#options.referenceKey).update(what).digest();
  }
}

/** The same as is asked of a hit when a medium is looked at. */
function mayMatch(find: RetroFind, { role, admits, sampled, thresholds }: MatchingRules): boolean {
  if (role === 'allow') return false;
  if (sampled !== undefined && !sampled(find.sha256)) return false;
  const { signal, distance, grade, words = {} } = find;
  const radius = signal === 'pdq' || signal === 'vpdq' ? thresholds[signal] : undefined;
  if (radius !== undefined && distance > radius) return false;
  return admits?.({ ...words, ...(grade !== null && { grade }) }) ?? true;
}

interface KnownDetail {
  readonly media?: readonly {
    readonly ordinal: number;
    readonly matches?: readonly { readonly list: string; readonly entry: string }[];
  }[];
}

/** Whether the item's verdict says so already: it was looked at again since, or by another node. */
function isKnown(item: FoundItem | undefined, { reference, entry }: RetroFind, list: string): boolean {
  if (item === undefined || reference.kind !== 'item') return false;
  const { media = [] } = (item.detail ?? {}) as KnownDetail;
  const medium = media.find(({ ordinal }) => ordinal === reference.ordinal);
  return medium?.matches?.some((match) => match.list === list && match.entry === entry) ?? false;
}

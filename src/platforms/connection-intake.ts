import { createHash } from 'node:crypto';
import type { PlatformIntake, SharedItem, SharedMedium, SharedReport } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import { type ItemDraft, MEDIA_LIMIT } from '../intake/item-draft.js';
import type { Trouble } from './platform-attention.js';

/** Where what a connection tells goes. */
export interface ConnectionEnds {
  /** Name of the platform. */
  readonly name: string;
  readonly memory: unknown;
  hand(draft: ItemDraft): Promise<{ readonly id: string; readonly fresh: boolean }>;
  gone(ids: readonly string[]): Promise<void>;
  report(report: SharedReport): Promise<void>;
  trouble(trouble: Trouble): Promise<void>;
  settled(trouble: Trouble): Promise<void>;
  remember(memory: unknown): Promise<void>;
  heard(): void;
}

const TEXT = 65_536;
const LINKS = 256;
const REVISION = 64;

/** What a connection hands in, as items of its platform. */
export class ConnectionIntake implements PlatformIntake {
  readonly #ends: ConnectionEnds;
  /** Troubles that were told, so that one that lasts is told once a connection. */
  readonly #troubles = new Set<string>();
  #memory: unknown;
  #closed = false;

  constructor(ends: ConnectionEnds) {
    this.#ends = ends;
    this.#memory = ends.memory;
  }

  get memory(): unknown {
    return this.#memory;
  }

  /** Takes nothing more: the connection is over, and another one may hand in what it did not. */
  close(): void {
    this.#closed = true;
  }

  async hand(item: SharedItem): Promise<{ readonly id: string; readonly fresh: boolean }> {
    this.#assertOpen();
    this.heard();
    const { media = [] } = item;
    const first = await this.#handPart(item, media.slice(0, MEDIA_LIMIT), '');
    // An item has so many media at the most; nothing of a message goes unseen for that.
    for (let part = 2, from = MEDIA_LIMIT; from < media.length; part++, from += MEDIA_LIMIT) {
      await this.#handPart(item, media.slice(from, from + MEDIA_LIMIT), `+${part}`);
    }
    return first;
  }

  async gone(items: readonly string[]): Promise<void> {
    this.#assertOpen();
    this.heard();
    if (items.length > 0) await this.#ends.gone(items);
  }

  async report(report: SharedReport): Promise<void> {
    this.#assertOpen();
    this.heard();
    await this.#ends.report(report);
  }

  async trouble(trouble: Trouble): Promise<void> {
    this.#assertOpen();
    const key = JSON.stringify([trouble.code, trouble.room]);
    if (this.#troubles.has(key)) return;
    await this.#ends.trouble(trouble);
    this.#troubles.add(key);
  }

  async settled(trouble: Trouble): Promise<void> {
    this.#assertOpen();
    await this.#ends.settled(trouble);
    this.#troubles.delete(JSON.stringify([trouble.code, trouble.room]));
  }

  async remember(memory: unknown): Promise<void> {
    this.#assertOpen();
    await this.#ends.remember(memory);
    this.#memory = memory;
  }

  heard(): void {
    if (!this.#closed) this.#ends.heard();
  }

  #assertOpen(): void {
    if (this.#closed) throw new VigieError('platform-unreachable', { detail: 'the connection is over' });
  }

  async #handPart(item: SharedItem, media: readonly SharedMedium[], part: string) {
    const draft = draftOf(this.#ends.name, item, media, part);
    try {
      return await this.#ends.hand(draft);
    } catch (thrown) {
      if (!(thrown instanceof VigieError && thrown.code === 'item-conflict')) throw thrown;
      // The same id with another content, and the platform says of no edit: it is looked at as if it had.
      return await this.#ends.hand({
        ...draft,
        revision: `${draft.revision ?? ''}~${fingerprint(draft)}`.slice(-REVISION),
      });
    }
  }
}

/** The fields in the order of `itemDraftSchema`, as equal content is to be equal text. */
function draftOf(platform: string, item: SharedItem, media: readonly SharedMedium[], part: string): ItemDraft {
  const { id, account, room, surface, sharedAt, text, links, lane, revision, album, seenAt } = item;
  const edited = `${revision ?? ''}${part}`;
  return {
    ...{ platform, id },
    ...(account === undefined ? {} : { account }),
    ...(room === undefined ? {} : { room }),
    surface,
    ...(sharedAt === undefined ? {} : { sharedAt }),
    ...(text === undefined || text === '' ? {} : { text: plain(text, TEXT) }),
    ...(links === undefined || links.length === 0 ? {} : { links: links.slice(0, LINKS) }),
    media: media.map(({ fileId, name, caption, ...where }) => ({
      ...(where.url === undefined ? { ref: where.ref } : { url: where.url }),
      ...(fileId === undefined ? {} : { fileId }),
      ...(name === undefined || name === '' ? {} : { name: plain(name, 255) }),
      ...(caption === undefined || caption === '' ? {} : { caption: plain(caption, 4_096) }),
    })),
    ...(lane === undefined ? {} : { lane }),
    ...(edited === '' ? {} : { revision: edited.slice(0, REVISION) }),
    ...(album === undefined ? {} : { album }),
    seenAt: seenAt.toISOString(),
  };
}

function plain(text: string, most: number): string {
  return text.replaceAll('\0', '').slice(0, most);
}

function fingerprint({ seenAt: _seenAt, ...content }: ItemDraft): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

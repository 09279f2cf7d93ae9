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

  constructor(ends: ConnectionEnds) {
    this.#ends = ends;
    this.#memory = ends.memory;
  }

  get memory(): unknown {
    return this.#memory;
  }

  async hand(item: SharedItem): Promise<{ readonly id: string; readonly fresh: boolean }> {
    this.#ends.heard();
    return await handShared(this.#ends.name, (draft) => this.#ends.hand(draft), item);
  }

  async gone(items: readonly string[]): Promise<void> {
    this.#ends.heard();
    if (items.length > 0) await this.#ends.gone(items);
  }

  async report(report: SharedReport): Promise<void> {
    this.#ends.heard();
    await this.#ends.report(report);
  }

  async trouble(trouble: Trouble): Promise<void> {
    const key = JSON.stringify([trouble.code, trouble.room]);
    if (this.#troubles.has(key)) return;
    await this.#ends.trouble(trouble);
    this.#troubles.add(key);
  }

  async settled(trouble: Trouble): Promise<void> {
    await this.#ends.settled(trouble);
    this.#troubles.delete(JSON.stringify([trouble.code, trouble.room]));
  }

  async remember(memory: unknown): Promise<void> {
    await this.#ends.remember(memory);
    this.#memory = memory;
  }

  heard(): void {
    this.#ends.heard();
  }
}

type Hand = ConnectionEnds['hand'];

/**
 * Hands in what was shared on a platform, in several items of the same id when it has more media than one may have, so
 * that nothing of a message goes unseen for that.
 * @param platform its name
 */
export async function handShared(platform: string, hand: Hand, item: SharedItem): ReturnType<Hand> {
  const { media = [] } = item;
  const part = (of: readonly SharedMedium[], name: string) => handPart(hand, draftOf(platform, item, of, name));
  const first = await part(media.slice(0, MEDIA_LIMIT), '');
  for (let number = 2, from = MEDIA_LIMIT; from < media.length; number++, from += MEDIA_LIMIT) {
    await part(media.slice(from, from + MEDIA_LIMIT), `+${number}`);
  }
  return first;
}

async function handPart(hand: Hand, draft: ItemDraft): ReturnType<Hand> {
  try {
    return await hand(draft);
  } catch (thrown) {
    if (!(thrown instanceof VigieError && thrown.code === 'item-conflict')) throw thrown;
    // The same id with another content, and the platform says of no edit: it is looked at as if it had.
    const revision = `${draft.revision ?? ''}~${fingerprint(draft)}`.slice(-REVISION);
    return await hand({ ...draft, revision });
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

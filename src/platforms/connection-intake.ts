import { createHash } from 'node:crypto';
import type { PlatformIntake, SharedItem, SharedReport } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import { comparedOf, type ItemDraft, MEDIA_LIMIT } from '../intake/item-draft.js';
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

/** What one item may have, as `itemDraftSchema` says. */
const TEXT = 65_536;
const LINKS = 256;
const LINK = 4_096;
const CAPTION = 4_096;
const NAME = 255;
const REVISION = 64;
const REPORT = 2_000;
/** So much of a text is in two parts of it, so that no address is cut. */
const OVERLAP = LINK;

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
    return await handShared(this.#ends.name, (draft) => this.#ends.hand(draft), item);
  }

  async gone(items: readonly string[]): Promise<void> {
    this.#assertOpen();
    this.heard();
    if (items.length > 0) await this.#ends.gone(items);
  }

  async report(report: SharedReport): Promise<void> {
    this.#assertOpen();
    this.heard();
    const { text, ...said } = report;
    await this.#ends.report(text === undefined ? said : { ...said, text: plain(text).slice(0, REPORT) });
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
}

type Hand = ConnectionEnds['hand'];

/**
 * Hands in what was shared on a platform, in several items of the same id when it has more than one may have, so that
 * nothing of a message goes unseen for that.
 * @param platform its name
 * @returns the first of them
 */
export async function handShared(platform: string, hand: Hand, item: SharedItem): ReturnType<Hand> {
  const { media = [], links = [], text = '' } = item;
  const whole = plain(text);
  const part = (i: number, mark: string) => handPart(hand, draftOf(platform, item, partOf(item, whole, i), mark));
  const first = await part(0, '');
  const parts = Math.max(media.length / MEDIA_LIMIT, links.length / LINKS, (whole.length - OVERLAP) / (TEXT - OVERLAP));
  for (let i = 1; i < parts; i++) await part(i, `+${i + 1}`);
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

type Part = Required<Pick<SharedItem, 'text' | 'links' | 'media'>>;

/** @param whole the text of the item, cleaned */
function partOf({ media = [], links = [] }: SharedItem, whole: string, i: number): Part {
  const from = i * (TEXT - OVERLAP);
  return {
    text: i === 0 || from + OVERLAP < whole.length ? whole.slice(from, from + TEXT) : '',
    links: links.slice(i * LINKS, (i + 1) * LINKS),
    media: media.slice(i * MEDIA_LIMIT, (i + 1) * MEDIA_LIMIT),
  };
}

/** The fields in the order of `itemDraftSchema`, as equal content is to be equal text. */
function draftOf(platform: string, item: SharedItem, { text, links, media }: Part, mark: string): ItemDraft {
  const { id, account, room, surface, sharedAt, lane, revision = '', album, seenAt } = item;
  return {
    ...{ platform, id },
    ...(account === undefined ? {} : { account: account.slice(0, NAME) }),
    ...(room === undefined ? {} : { room }),
    surface,
    ...(sharedAt === undefined ? {} : { sharedAt }),
    ...(text === '' ? {} : { text }),
    ...(links.length === 0 ? {} : { links: links.map(plainLink) }),
    media: media.map(({ fileId, name, caption, ...where }) => ({
      ...(where.url === undefined ? { ref: where.ref } : { url: where.url }),
      ...(fileId === undefined ? {} : { fileId }),
      ...(name === undefined || name === '' ? {} : { name: plain(name).slice(0, NAME) }),
      ...(caption === undefined || caption === '' ? {} : { caption: plain(caption).slice(0, CAPTION) }),
    })),
    ...(lane === undefined ? {} : { lane }),
    ...(revision + mark === '' ? {} : { revision: revision.slice(0, REVISION - mark.length) + mark }),
    ...(album === undefined ? {} : { album }),
    seenAt: seenAt.toISOString(),
  };
}

function plainLink(link: Part['links'][number]): Part['links'][number] {
  const cut = (url: string) => plain(url).slice(0, LINK);
  return typeof link === 'string' ? cut(link) : { ...link, url: cut(link.url) };
}

function plain(text: string): string {
  return text.replaceAll('\0', '');
}

function fingerprint(draft: ItemDraft): string {
  return createHash('sha256')
    .update(JSON.stringify(comparedOf(draft)))
    .digest('hex')
    .slice(0, 16);
}

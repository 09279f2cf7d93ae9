import { createHash } from 'node:crypto';
import { VigieError } from '../../errors.js';
import { handIn } from '../hand-in.js';
import type { Archived } from './archive.js';
import { askForInline } from './inline-data.js';
import type { KnownMessages } from './known-messages.js';
import { addressOf } from './medium-ref.js';
import { limited, partsOf } from './message-parts.js';
import { NS } from './namespaces.js';
import type { Occupants } from './occupants.js';
import { roomEventOf, type Said } from './room-event.js';
import { itemIdOf, type WatchParts } from './watch-parts.js';

/** How much of the archive is read before going on, to know what is corrected next. */
const PAGES_BEFORE = 4;
const PAGES_NOTED = 20;
const NOTED_MS = 3_600_000;
const MOST_REPORTS = 20;
const MOST_REPORTERS = 10_000;
const REPORT = /(?:^|\n)\s*!report\b[ \t]*(.*)/s;

/** What of a room its reading needs. */
interface ReadRoom {
  readonly jid: string;
  readonly known: KnownMessages;
  readonly occupants: Occupants;
  readonly archived: boolean;
  readonly surface: 'public' | 'private';
}

interface Seen {
  readonly seenAt: Date;
  readonly account: string | undefined;
  readonly lane: 'live' | 'backfill';
}

/** Hands in what is said in a room, in its order, beginning with what was said while nobody listened. */
export class RoomReading {
  readonly #room: ReadRoom;
  readonly #parts: WatchParts;
  readonly #reports = new Map<string, number>();
  #tail: Promise<void> = Promise.resolve();
  #old: Promise<void> = Promise.resolve();

  constructor(room: ReadRoom, parts: WatchParts) {
    this.#room = room;
    this.#parts = parts;
  }

  /** Waits until all that came is handed in, or left to the next watch. */
  async ended(): Promise<void> {
    await Promise.all([this.#tail, this.#old]);
  }

  /** Does something once all that came before is done; once the watch ends, what waits is left to the next. */
  later(act: () => Promise<void>): void {
    this.#parts.waiting(1);
    this.#tail = this.#tail.then(() => this.#guarded(act)).finally(() => this.#parts.waiting(-1));
  }

  /** Something was said just now. */
  live(event: Said): void {
    const seenAt = new Date(this.#parts.house.now());
    // Looked up now: the nick may be somebody else's by the time that it is handed in.
    const account = event.account ?? this.#room.occupants.accountOf(event.nick, event.sender);
    this.later(() => this.#said(event, { seenAt, account, lane: 'live' }));
  }

  /** Somebody else took a message back. */
  tookBack(stanzaId: string): void {
    this.later(() => this.#gone(stanzaId));
  }

  /** Hands in what the archive has since the last time; at the first time what it has of the last days, with less haste. */
  catchUp(): void {
    this.later(() => this.#catchUp());
  }

  /** A report of something that was said here, by its id in the room. */
  async report(stanzaId: string, reporter: string, reason: string, text: string): Promise<void> {
    const { known, jid } = this.#room;
    const count = (this.#reports.get(reporter) ?? 0) + 1;
    const crowded = this.#reports.size >= MOST_REPORTERS && count === 1;
    if (!known.has(stanzaId) || count > MOST_REPORTS || crowded) return;
    this.#reports.set(reporter, count);
    const item = itemIdOf(jid, known.partsOf(stanzaId)[0] ?? stanzaId);
    await this.#parts.intake.report({ item, reporter, reason, ...(text === '' ? {} : { text: text.slice(0, 2_000) }) });
  }

  /** Everybody may report anew. */
  forgetReports(): void {
    this.#reports.clear();
  }

  async #guarded(act: () => Promise<void>): Promise<void> {
    const { signal, house, intake } = this.#parts;
    if (signal.aborted) return;
    try {
      await act();
    } catch (error) {
      if (signal.aborted) return;
      const { code } = VigieError.from(error);
      house.logger.warn({ code }, 'something of a room could not be read');
      await intake.trouble({ code, room: this.#room.jid }).catch(() => undefined);
    }
  }

  async #catchUp(): Promise<void> {
    const { memory, settings, house, archives, signal } = this.#parts;
    const { jid } = this.#room;
    const { last, backfilled } = memory.of(jid);
    if (last === undefined) {
      const recent = await archives.recent(jid, PAGES_BEFORE, signal);
      for (const each of recent) await this.#fromArchive(each, undefined);
      const newest = recent.at(-1);
      const at = newest?.at ?? new Date(house.now());
      memory.note(jid, { last: { id: newest?.id ?? '', at: at.toISOString() } });
    } else {
      await this.#noteBefore(last);
      for await (const { messages } of archives.since(jid, last, signal)) {
        for (const each of messages) await this.#fromArchive(each, 'live');
      }
    }
    if (backfilled === true) return;
    const start = new Date(house.now() - settings.backfillDays * 86_400_000).toISOString();
    if (settings.backfillDays === 0) memory.note(jid, { backfilled: true });
    else this.#old = this.#guarded(() => this.#backfill({ id: backfilled ?? '', at: start }));
  }

  /** Notes what was handed in before, so that what comes now can take its place. */
  async #noteBefore(last: { readonly id: string; readonly at: string }): Promise<void> {
    const { archives, signal } = this.#parts;
    const start = { id: '', at: new Date(Date.parse(last.at) - NOTED_MS).toISOString() };
    let pages = 0;
    for await (const { messages } of archives.since(this.#room.jid, start, signal)) {
      for (const each of messages) {
        await this.#fromArchive(each, undefined);
        if (each.id === last.id) return;
      }
      if (++pages === PAGES_NOTED) return;
    }
  }

  async #backfill(from: { readonly id: string; readonly at: string }): Promise<void> {
    const { memory, archives, signal } = this.#parts;
    for await (const { messages, next } of archives.since(this.#room.jid, from, signal)) {
      for (const each of messages) await this.#fromArchive(each, 'backfill');
      memory.note(this.#room.jid, { backfilled: next ?? true });
    }
  }

  /** @param lane undefined: it was handed in before, and is only noted */
  async #fromArchive({ id, at, message }: Archived, lane: Seen['lane'] | undefined): Promise<void> {
    const event = roomEventOf(message, { room: this.#room.jid, givesIds: true, archived: { id, at } });
    if (event.kind === 'moderated' || event.kind === 'tombstone') {
      this.#room.known.remove(event.stanzaId);
      if (lane !== undefined) await this.#gone(event.stanzaId);
    }
    if (event.kind !== 'said') return;
    if (lane === undefined) this.#note(event, id);
    else {
      const account = event.account ?? this.#room.occupants.accountOf('', event.sender);
      await this.#said(event, { seenAt: new Date(this.#parts.house.now()), account, lane });
    }
  }

  async #said(event: Said, { seenAt, account, lane }: Seen): Promise<void> {
    const { jid, surface } = this.#room;
    const { memory } = this.#parts;
    const stanzaId = event.stanzaId ?? substituteId(event);
    const root = this.#note(event, stanzaId);
    const { text, links, media, wanted } = this.#read(event);
    const asked = wanted.length === 0 ? [] : await askForInline(this.#parts, `${jid}/${event.nick}`, wanted);
    const all = limited([...media, ...asked]);
    const sharedAt = (event.at ?? seenAt).toISOString();
    if (text !== '' || links.length > 0 || all.length > 0) {
      await handIn(this.#parts, jid, {
        ...{ id: itemIdOf(jid, root), room: jid, surface, seenAt, sharedAt, text, links, media: all, lane },
        ...(root === stanzaId ? {} : { revision: stanzaId }),
        account: (account ?? `${jid}/${event.nick}`).slice(0, 255),
      });
    }
    if (lane === 'live') memory.note(jid, { last: { id: event.stanzaId ?? '', at: sharedAt } });
    if (lane === 'live' && account !== undefined) await this.#reply(event, account);
  }

  /** @returns the room's id of the message that it belongs to */
  #note(event: Said, stanzaId: string): string {
    const { uploads } = this.#parts;
    const shown = this.#read(event).media.flatMap((medium) => addressOf(medium) ?? []);
    return this.#room.known.add(stanzaId, { ...event, uploads: shown.filter((url) => uploads.has(url)) });
  }

  #read({ message }: Said): ReturnType<typeof partsOf> {
    const { uploads, house } = this.#parts;
    const mayFetch = (url: string) => {
      try {
        house.client.assertUrl(url);
        return true;
      } catch {
        return false;
      }
    };
    return partsOf(message, { isUpload: (url) => uploads.has(url), mayFetch });
  }

  /** An answer to a message that begins with `!report` reports it. */
  async #reply({ message }: Said, account: string): Promise<void> {
    const replied = message.getChild('reply', NS.reply)?.attrs['id'];
    const said = replied === undefined ? null : REPORT.exec(message.getChildText('body') ?? '');
    if (replied !== undefined && said !== null) await this.report(replied, account, 'abuse', said[1]?.trim() ?? '');
  }

  /**
   * A message that a moderator took back is gone when nothing else is left of it: what it had uploaded lies there still,
   * and is left to the act that removes it.
   */
  async #gone(stanzaId: string): Promise<void> {
    const { known, jid } = this.#room;
    const root = known.remove(stanzaId);
    if (root === undefined || !known.has(root) || known.uploadsOf(root).length > 0) return;
    await this.#parts.intake.gone([itemIdOf(jid, root)]);
  }
}

/** In a room that gives no ids: the same message has the same one whenever the room tells of it again. */
function substituteId({ nick, sentId, message }: Said): string {
  const hash = createHash('sha256').update(JSON.stringify([nick, sentId, message.getChildText('body')]));
  return `~${hash.digest('hex').slice(0, 32)}`;
}

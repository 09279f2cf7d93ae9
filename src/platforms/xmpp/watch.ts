import { setTimeout as delay } from 'node:timers/promises';
import { type Element, xml } from '@xmpp/client';
import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { every } from '../../runtime/every.js';
import { setBan } from './act-on-account.js';
import { removeItem } from './act-on-item.js';
import { closeRoom, reopenRoom, restrictRoom } from './act-on-room.js';
import { itemsOf } from './disco.js';
import { bareOf, domainOf } from './jids.js';
import { NS } from './namespaces.js';
import { type Left, Room } from './room.js';
import { conditionOf } from './stanza-error.js';
import type { WatchParts } from './watch-parts.js';

const LOOK_MS = 60_000;
const REJOIN_MS = [1_000, 5_000, 30_000, 300_000];
const MOST_ROOMS = 500;
const CONFIRM_MS = 5_000;
const MOST_TOLD = 2_000;

/** What is watched over one connection: all its rooms, and what is done in them. */
export class Watch {
  readonly #parts: WatchParts;
  readonly #rooms = new Map<string, Room>();
  readonly #told = new Set<string>();
  readonly #bounced = new Set<string>();
  #joining: Promise<void> = Promise.resolve();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Enters the rooms, and looks after them until the signal. @throws VigieError when the service of rooms cannot be asked */
  async run(): Promise<void> {
    const { signal, session, intake, uploads } = this.#parts;
    await session.send(xml('presence'));
    const blunt = { code: 'act-unsupported' };
    await (uploads.count === 0 || uploads.removable ? intake.settled(blunt) : intake.trouble(blunt)).catch(
      () => undefined,
    );
    await this.#look();
    const stop = every(
      LOOK_MS,
      () => this.#look(),
      () => undefined,
    );
    try {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await stop();
      await this.#joining;
      await Promise.all([...this.#rooms.values()].map((room) => room.reading.ended()));
    }
  }

  onStanza(stanza: Element): void {
    const { archives } = this.#parts;
    if (archives.take(stanza)) return;
    const from = stanza.attrs['from'] ?? '';
    const room = this.#rooms.get(bareOf(from));
    if (stanza.name === 'presence') room?.onPresence(stanza);
    if (stanza.name !== 'message') return;
    if (room !== undefined && stanza.attrs['type'] === 'groupchat') room.onMessage(stanza);
    else if (stanza.attrs['type'] === 'error') this.#note(this.#bounced, stanza.attrs['id'] ?? '');
    else if (room === undefined) this.#reported(stanza, from);
  }

  /** @throws VigieError as `Platform.act` */
  async act(order: Order, outer: AbortSignal): Promise<Outcome> {
    const parts = this.#parts;
    const signal = AbortSignal.any([outer, parts.signal]);
    const rooms = [...this.#rooms.values()].filter(({ joined }) => joined);
    switch (order.act) {
      case 'remove': {
        const slash = order.target.item?.indexOf('/') ?? -1;
        const stanzaId = order.target.item?.slice(slash + 1) ?? '';
        return await removeItem(parts, this.#room(order.target.item?.slice(0, slash) ?? ''), stanzaId, order, signal);
      }
      case 'suspend-account':
        return await setBan(parts, rooms, order, true, signal);
      case 'reinstate-account':
        return await setBan(parts, rooms, order, false, signal);
      case 'restrict-room':
        return await restrictRoom(parts, this.#room(order.target.room), signal);
      case 'close-room':
        return await closeRoom(parts, this.#room(order.target.room), signal);
      case 'reopen-room':
        return await reopenRoom(parts, this.#room(order.target.room), signal);
      case 'notify-room':
        return await this.#tellRoom(order, signal);
      case 'notify-author':
        return await this.#tellAuthor(order, signal);
      default:
        throw new VigieError('act-unsupported', { detail: 'XMPP has no way of it' });
    }
  }

  #room(jid: string | null): Room {
    const room = this.#rooms.get(jid ?? '');
    if (room?.joined) return room;
    throw new VigieError('platform-unreachable', { detail: 'the room is not joined' });
  }

  async #tellRoom({ id, message, target }: Order, signal: AbortSignal): Promise<Outcome> {
    const room = this.#room(target.room);
    if (message === null || room.hasSaid(id)) return 'already';
    if (!(await room.say(id, message, CONFIRM_MS, signal))) throw new VigieError('act-unconfirmed');
    return 'done';
  }

  async #tellAuthor({ id, message, target: { account } }: Order, signal: AbortSignal): Promise<Outcome> {
    const { session } = this.#parts;
    if (message === null || this.#told.has(id)) return 'already';
    if (account === null || account.includes('/')) {
      throw new VigieError('act-refused', { detail: 'the room does not tell who it is' });
    }
    await session.send(xml('message', { to: account, type: 'chat', id }, xml('body', {}, message)));
    // What comes back of it comes before this is answered.
    await session
      .ask('get', domainOf(session.account), xml('ping', { xmlns: NS.ping }), signal)
      .catch((error: unknown) => {
        if (conditionOf(error) === undefined) throw error;
      });
    if (this.#bounced.has(id)) throw new VigieError('act-refused', { detail: 'the message came back' });
    this.#note(this.#told, id);
    return 'done';
  }

  #note(set: Set<string>, id: string): void {
    set.add(id);
    const [oldest] = set;
    if (set.size > MOST_TOLD && oldest !== undefined) set.delete(oldest);
  }

  /** Joins what is to be watched and is not, and sees that it still is in the others (XEP-0410). */
  async #look(): Promise<void> {
    const { settings, session, intake, signal } = this.#parts;
    const listed =
      settings.service === undefined ? [] : await itemsOf(session, settings.service, MOST_ROOMS + 1, signal);
    const wanted = [...new Set([...settings.rooms, ...listed.map(bareOf)])];
    const crowd = { code: 'platform-busy' };
    await (wanted.length > MOST_ROOMS ? intake.trouble(crowd) : intake.settled(crowd)).catch(() => undefined);
    for (const jid of wanted.slice(0, MOST_ROOMS)) if (!this.#rooms.has(jid)) this.#enter(jid);
    await this.#joining;
    for (const room of this.#rooms.values()) {
      room.reading.forgetReports();
      if (room.joined) await this.#ping(room);
    }
  }

  #enter(jid: string): void {
    const room = new Room(jid, this.#parts, (cause) => this.#left(room, cause));
    this.#rooms.set(jid, room);
    this.#joining = this.#joining.then(() => this.#join(room));
  }

  async #join(room: Room, attempt = 0): Promise<void> {
    const { intake, signal } = this.#parts;
    if (signal.aborted || room.joined) return;
    const trouble = { code: 'platform-refused', room: room.jid };
    try {
      await room.join();
      await intake.settled(trouble).catch(() => undefined);
    } catch (error) {
      if (signal.aborted) return;
      const { code } = VigieError.from(error);
      if (code !== 'platform-unreachable') await intake.trouble(trouble).catch(() => undefined);
      this.#again(room, attempt);
    }
  }

  #left(room: Room, cause: Left): void {
    if (cause === 'destroyed') this.#rooms.delete(room.jid);
    else this.#again(room, 0);
  }

  #again(room: Room, attempt: number): void {
    const { signal } = this.#parts;
    const wait = REJOIN_MS[Math.min(attempt, REJOIN_MS.length - 1)];
    void delay(wait, undefined, { signal, ref: false })
      .then(() => this.#join(room, attempt + 1))
      .catch(() => undefined);
  }

  async #ping(room: Room): Promise<void> {
    const { session, signal } = this.#parts;
    try {
      await session.ask('get', `${room.jid}/${room.nick}`, xml('ping', { xmlns: NS.ping }), signal);
    } catch (error) {
      // The room answers in our place that we are not in it.
      if (conditionOf(error) === 'not-acceptable' || conditionOf(error) === 'item-not-found') room.lost();
    }
  }

  /** Reports: of our server's mod_vigie_reports, or sent to us by somebody's client. */
  #reported(message: Element, from: string): void {
    const { session, house } = this.#parts;
    const passed = from === domainOf(session.account) ? message.getChild('report', NS.vigieReports) : undefined;
    const direct = message.getChild('report', NS.reporting);
    const reports =
      passed === undefined
        ? (direct?.getChildren('stanza-id', NS.stanzaId) ?? []).map(({ attrs }) => ({
            ...{ room: attrs['by'], id: attrs['id'], reporter: bareOf(from), text: direct?.getChildText('text') ?? '' },
            reason: direct?.attrs['reason']?.endsWith(':spam') ? 'spam' : 'abuse',
          }))
        : [{ ...passedOn(passed), text: passed.text() }];
    for (const { room, id, reporter, reason, text } of reports.slice(0, 10)) {
      const known = this.#rooms.get(room ?? '');
      if (known === undefined || id === undefined || reporter === undefined) continue;
      // After all that was said before it.
      known.reading.later(() => known.reading.report(id, reporter, reason, text));
    }
    if (reports.length > 0) house.logger.info('a report came');
  }
}

function passedOn({ attrs }: Element) {
  const reason = attrs['reason'] === 'spam' || attrs['reason'] === 'abuse' ? attrs['reason'] : 'other';
  return { room: attrs['room'], id: attrs['id'], reporter: attrs['reporter'], reason };
}

import { type Element, xml } from '@xmpp/client';
import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import { type Description, describe } from './disco.js';
import { resourceOf } from './jids.js';
import { KnownMessages } from './known-messages.js';
import { NS } from './namespaces.js';
import { Occupants } from './occupants.js';
import { roomEventOf, type Said } from './room-event.js';
import { RoomReading } from './room-reading.js';
import type { WatchParts } from './watch-parts.js';

const JOIN_MS = 15_000;
const MOST_NICKS = 5;
const HISTORY = 100;

/** Why a room was left. */
export type Left = 'kicked' | 'banned' | 'destroyed' | 'refused' | 'lost';

/** One room that is watched: joined, caught up with, and listened to. What was said is handed in, in its order. */
export class Room {
  readonly jid: string;
  readonly known = new KnownMessages();
  readonly occupants = new Occupants();
  readonly reading: RoomReading;
  readonly #parts: WatchParts;
  readonly #onLeft: (cause: Left) => void;
  readonly #removals = new Map<string, Set<() => void>>();
  readonly #echoes = new Map<string, () => void>();
  #description: Description = { features: new Set(), identities: new Set(), name: undefined };
  #nick: string;
  #occupantId: string | undefined;
  #joined = false;
  #self: { readonly role: string; readonly affiliation: string } = { role: 'none', affiliation: 'none' };
  #answer: ((answer: VigieError | 'in' | 'conflict') => void) | undefined;

  constructor(jid: string, parts: WatchParts, onLeft: (cause: Left) => void) {
    this.jid = jid;
    this.#parts = parts;
    this.#onLeft = onLeft;
    this.#nick = parts.settings.nick;
    this.reading = new RoomReading(this, parts);
  }

  get nick(): string {
    return this.#nick;
  }

  get joined(): boolean {
    return this.#joined;
  }

  get self(): { readonly role: string; readonly affiliation: string } {
    return this.#self;
  }

  get features(): ReadonlySet<string> {
    return this.#description.features;
  }

  /** Public is what anybody finds and enters. */
  get surface(): 'public' | 'private' {
    const { features } = this;
    const barred = ['muc_membersonly', 'muc_hidden', 'muc_passwordprotected'].some((feature) => features.has(feature));
    return barred ? 'private' : 'public';
  }

  /**
   * Enters, and hands in what was said since the last time; then goes on by itself.
   * @throws VigieError `platform-refused` when it is not let in or there is no such room; those of `Session.ask`
   */
  async join(): Promise<void> {
    await this.refresh();
    if (this.archived) this.reading.fallBehind();
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#enter();
      if (answer === 'in') break;
      if (answer instanceof VigieError) throw answer;
      if (attempt === MOST_NICKS) throw new VigieError('platform-refused', { detail: 'all its names are taken' });
      this.#nick = `${this.#parts.settings.nick} ${attempt + 1}`;
    }
    this.reading.catchUp();
    await this.tellRights();
  }

  /** Asks the room again what it is. @throws VigieError as `Session.ask` */
  async refresh(): Promise<void> {
    this.#description = await describe(this.#parts.session, this.jid, this.#parts.signal);
  }

  onPresence(presence: Element): void {
    const type = presence.attrs['type'];
    const nick = resourceOf(presence.attrs['from'] ?? '');
    if (type === 'error') {
      this.#refused(presence);
      return;
    }
    const user = presence.getChild('x', NS.mucUser);
    const statuses = new Set(user?.getChildren('status').map(({ attrs }) => attrs['code']));
    const occupant = this.occupants.note(presence);
    if (!statuses.has('110') && nick !== this.#nick) return;
    if (type === 'unavailable') {
      // 303: only the nick changes.
      if (statuses.has('303')) this.#nick = user?.getChild('item')?.attrs['nick'] ?? this.#nick;
      else if (nick === this.#nick) this.#leave(user, statuses);
      return;
    }
    this.#nick = nick;
    this.#self = occupant;
    this.#occupantId = presence.getChild('occupant-id', NS.occupantId)?.attrs['id'];
    if (this.#joined) void this.tellRights();
    this.#joined = true;
    this.#answer?.('in');
  }

  onMessage(message: Element): void {
    const event = roomEventOf(message, { room: this.jid, givesIds: this.#givesIds });
    if (event.kind === 'moderated') {
      this.known.remove(event.stanzaId);
      for (const tell of this.#removals.get(event.stanzaId) ?? []) tell();
      if (event.by !== `${this.jid}/${this.#nick}`) this.reading.tookBack(event.stanzaId);
    }
    if (event.kind === 'configured') this.reading.later(() => this.refresh());
    if (event.kind !== 'said') return;
    if (!this.isOwn(event)) {
      this.reading.live(event);
      return;
    }
    if (event.sentId !== undefined) this.#echoes.get(event.sentId)?.();
    if (event.stanzaId !== undefined) this.known.add(event.stanzaId, { ...event, uploads: [] });
  }

  /**
   * Whether we said it. The room's id of us tells. Where there is none the nick does, of what is said just now: who had
   * it at another time was somebody else.
   */
  isOwn({ occupantId, nick, at }: Said): boolean {
    if (this.#occupantId !== undefined) return occupantId === this.#occupantId;
    return this.#joined && at === undefined && nick === this.#nick;
  }

  /** We are no longer in it, and nobody told. */
  lost(): void {
    if (this.#joined) this.#leave(undefined, new Set());
  }

  /** Waits until the room says that a message was taken back. @returns false when it does not in time */
  async removal(stanzaId: string, ms: number, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = signalled();
    const all = this.#removals.get(stanzaId) ?? new Set();
    this.#removals.set(stanzaId, all.add(resolve));
    try {
      return this.known.isRemoved(stanzaId) || (await within(promise, ms, signal));
    } finally {
      all.delete(resolve);
      if (all.size === 0) this.#removals.delete(stanzaId);
    }
  }

  /** Says something in the room, and waits until it is there. @returns false when it does not appear in time */
  async say(id: string, body: string, ms: number, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = signalled();
    this.#echoes.set(id, resolve);
    try {
      await this.#parts.session.send(xml('message', { to: this.jid, type: 'groupchat', id }, xml('body', {}, body)));
      return await within(promise, ms, signal);
    } finally {
      this.#echoes.delete(id);
    }
  }

  /** Whether we said something with this id. */
  hasSaid(id: string): boolean {
    return [this.#occupantId, this.#parts.session.account, this.#nick].some(
      (sender) => sender !== undefined && this.known.sentAs(sender, id) !== undefined,
    );
  }

  /** Tells the operator when we may not moderate here, or the room cannot be moderated. */
  async tellRights(): Promise<void> {
    const { intake } = this.#parts;
    const able = this.features.has(NS.moderate) || this.features.has(NS.moderateOld);
    const troubles = { 'act-refused': this.#self.role !== 'moderator', 'act-unsupported': !able };
    for (const [code, is] of Object.entries(troubles)) {
      const trouble = { code, room: this.jid };
      await (is ? intake.trouble(trouble) : intake.settled(trouble)).catch(() => undefined);
    }
  }

  get archived(): boolean {
    return this.features.has(NS.archive);
  }

  get #givesIds(): boolean {
    return this.archived || this.features.has(NS.stanzaId);
  }

  async #enter(): Promise<VigieError | 'in' | 'conflict'> {
    const { session, signal } = this.#parts;
    const since = this.#parts.memory.of(this.jid).last?.at;
    const history = this.archived
      ? { maxstanzas: '0' }
      : { maxstanzas: `${HISTORY}`, ...(since === undefined ? {} : { since }) };
    const answer = new Promise<VigieError | 'in' | 'conflict'>((resolve) => {
      this.#answer = resolve;
    });
    const to = `${this.jid}/${this.#nick}`;
    try {
      await session.send(xml('presence', { to }, xml('x', { xmlns: NS.muc }, xml('history', history))));
      return await abortable(answer, AbortSignal.any([signal, AbortSignal.timeout(JOIN_MS)]));
    } catch (error) {
      if (error instanceof VigieError) throw error;
      throw new VigieError('platform-unreachable', { detail: 'the room does not answer' });
    } finally {
      this.#answer = undefined;
    }
  }

  #refused(presence: Element): void {
    const error = presence.getChild('error');
    const condition = error?.getChildElements()[0]?.name ?? 'undefined-condition';
    if (condition === 'conflict') this.#answer?.('conflict');
    else this.#answer?.(new VigieError('platform-refused', { detail: `the room says ${condition.slice(0, 40)}` }));
  }

  #leave(user: Element | undefined, statuses: ReadonlySet<string | undefined>): void {
    this.#joined = false;
    this.#self = { role: 'none', affiliation: 'none' };
    this.occupants.clear();
    if (user?.getChild('destroy') !== undefined) this.#onLeft('destroyed');
    else if (statuses.has('301')) this.#onLeft('banned');
    else this.#onLeft(statuses.has('307') || statuses.has('321') || statuses.has('322') ? 'kicked' : 'lost');
  }
}

function signalled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function within(promise: Promise<void>, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await abortable(promise, AbortSignal.any([signal, AbortSignal.timeout(ms)]));
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

import type { Element } from '@xmpp/client';
import { bareOf, resourceOf } from './jids.js';
import { NS } from './namespaces.js';

const MOST = 10_000;

export interface Occupant {
  readonly nick: string;
  /** The bare address, which rooms show to their moderators. */
  readonly account: string | undefined;
  readonly role: string;
  readonly affiliation: string;
}

/** Who is in a room, and who was lately. */
export class Occupants {
  readonly #present = new Map<string, Occupant>();
  readonly #accounts = new Map<string, string>();

  /** Takes a presence of somebody in the room in. @returns them as they are now, also when they leave */
  note(presence: Element): Occupant {
    const nick = resourceOf(presence.attrs['from'] ?? '');
    const item = presence.getChild('x', NS.mucUser)?.getChild('item')?.attrs ?? {};
    const account = item['jid'] === undefined ? undefined : bareOf(item['jid']);
    const occupant = { nick, account, role: item['role'] ?? 'none', affiliation: item['affiliation'] ?? 'none' };
    if (presence.attrs['type'] === 'unavailable') this.#present.delete(nick);
    else this.#present.set(nick, occupant);
    const id = presence.getChild('occupant-id', NS.occupantId)?.attrs['id'];
    if (id !== undefined && account !== undefined) this.#accounts.set(id, account);
    for (const kept of [this.#present, this.#accounts]) {
      const [oldest] = kept.keys();
      if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
    }
    return occupant;
  }

  get all(): readonly Occupant[] {
    return [...this.#present.values()];
  }

  /** The bare address of somebody: of who has the nick now, or of who had the room's id of them. */
  accountOf(nick: string, occupantId: string): string | undefined {
    return this.#accounts.get(occupantId) ?? this.#present.get(nick)?.account;
  }

  has(nick: string): boolean {
    return this.#present.has(nick);
  }

  /** Somebody turned out not to be there. */
  forget(nick: string): void {
    this.#present.delete(nick);
  }

  clear(): void {
    this.#present.clear();
  }
}

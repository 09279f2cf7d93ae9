/** How many messages of a room are remembered; a correction of one that is older stands by itself. */
const MOST = 4_000;

interface Known {
  /** Ids of the room of all that belongs to it: the message first, then what took its place. */
  readonly parts: string[];
  /** Addresses of what was uploaded to this server for it. */
  readonly uploads: Set<string>;
}

/** What was said in a room lately: which corrections belong to which message, and what was taken back. */
export class KnownMessages {
  /** By each id of the room that belongs to a message. */
  readonly #messages = new Map<string, Known>();
  /** From who sent what, by the sender's own id. */
  readonly #sent = new Map<string, string>();
  readonly #removed = new Set<string>();

  has(stanzaId: string): boolean {
    return this.#messages.has(stanzaId);
  }

  /**
   * Notes a message.
   * @param replaces the sender's own id of the message that it takes the place of
   * @returns the room's id of the message that it belongs to: its own, or that of what it takes the place of
   */
  add(
    stanzaId: string,
    said: {
      readonly sender: string;
      readonly sentId: string | undefined;
      readonly replaces: string | undefined;
      readonly uploads: readonly string[];
    },
  ): string {
    const { sender, sentId, replaces, uploads } = said;
    // Only who wrote a message may correct it.
    const first = replaces === undefined ? undefined : this.#sent.get(keyOf(sender, replaces));
    const known = (first === undefined ? undefined : this.#messages.get(first)) ?? { parts: [], uploads: new Set() };
    if (!known.parts.includes(stanzaId)) known.parts.push(stanzaId);
    for (const url of uploads) known.uploads.add(url);
    this.#messages.set(stanzaId, known);
    const root = known.parts[0] ?? stanzaId;
    if (sentId !== undefined) this.#sent.set(keyOf(sender, sentId), root);
    trim(this.#messages);
    trim(this.#sent);
    return root;
  }

  /** All ids of the room that belong to a message, as far as they are known. */
  partsOf(stanzaId: string): readonly string[] {
    return this.#messages.get(stanzaId)?.parts ?? [stanzaId];
  }

  /** Addresses of uploads that a message showed, in any of its forms. */
  uploadsOf(stanzaId: string): readonly string[] {
    return [...(this.#messages.get(stanzaId)?.uploads ?? [])];
  }

  /** The room's id of a message by its sender's own. */
  sentAs(sender: string, sentId: string): string | undefined {
    return this.#sent.get(keyOf(sender, sentId));
  }

  /** Notes that a message was taken back by its room. @returns the id of the message when nothing of it is left */
  remove(stanzaId: string): string | undefined {
    this.#removed.add(stanzaId);
    trim(this.#removed);
    const parts = this.partsOf(stanzaId);
    return parts.every((part) => this.#removed.has(part)) ? parts[0] : undefined;
  }

  isRemoved(stanzaId: string): boolean {
    return this.#removed.has(stanzaId);
  }
}

function keyOf(sender: string, sentId: string): string {
  return `${sender}\0${sentId}`;
}

function trim(kept: Map<string, unknown> | Set<string>): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST) return;
    kept.delete(oldest);
  }
}

import { handIn } from '../hand-in.js';
import { MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import { readEvent } from './read-event.js';
import { isRedacted, type RoomEvent, readRoomEvent, redactedBy, replacedBy } from './room-event.js';
import { sharedItemOf } from './shared-item.js';

/** Events whose senders are remembered. */
const MOST_KNOWN = 20_000;

interface Known {
  readonly sender: string;
  readonly isEdit: boolean;
  readonly media: boolean;
}

/** Takes in what happens in rooms, an event at a time. */
export class RoomReader {
  readonly #parts: MatrixParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: MatrixParts) {
    this.#parts = parts;
  }

  /**
   * Takes in what a homeserver tells of a room; what it shares is stored when this returns. The same again changes nothing.
   * @returns the event, when it is one of somebody else
   * @throws the signal's reason; VigieError as `MatrixApi.ask`, those of the database
   */
  async take(room: string, told: unknown, lane: 'live' | 'backfill'): Promise<RoomEvent | undefined> {
    const { intake, self, facts } = this.#parts;
    const event = readRoomEvent(told);
    if (event === undefined) {
      await intake.trouble({ code: 'event-malformed', room });
      return undefined;
    }
    if (event.state_key !== undefined) facts.changed(room, event.type);
    if (event.sender === self) return undefined;
    if (event.type === 'm.room.redaction') await this.#takenBack(event);
    else if (event.type === 'm.room.encrypted') await this.#encrypted(room, event);
    else await this.hand(room, event, lane);
    return event;
  }

  /** @returns the id of the item that it became, or undefined when nothing in it can be looked at */
  async hand(room: string, event: RoomEvent, lane: 'live' | 'backfill'): Promise<string | undefined> {
    const { facts, settings, house, signal, intake } = this.#parts;
    const root = await this.#rootOf(room, event);
    const { memberAvatars } = settings;
    const seenAt = new Date(house.now());
    const reading = { room, lane, seenAt, memberAvatars, root, surface: 'private' } as const;
    const item = sharedItemOf(event, reading);
    // Of what was taken back before it is not known.
    this.#note(event, isRedacted(event) || (item?.media?.length ?? 0) > 0);
    if (item === undefined) return undefined;
    try {
      const handing = { intake, logger: house.logger, signal };
      await handIn(handing, { ...item, surface: await facts.surface(room, signal) });
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
      // Who can read the room is not known any more, so that nothing of it is looked at.
      await intake.trouble({ code: 'room-unknown', room });
      return undefined;
    }
    return item.id;
  }

  /**
   * Only who wrote a message can edit it: what somebody else says to stand in for it is a message of its own, so that
   * nobody's message is judged by what another wrote.
   */
  async #rootOf(room: string, event: RoomEvent): Promise<string | undefined> {
    const target = replacedBy(event);
    if (target === undefined || isRedacted(event)) return undefined;
    const known = this.#known.get(target) ?? (await this.#lookUp(room, target));
    return known?.sender === event.sender && !known.isEdit ? target : undefined;
  }

  async #lookUp(room: string, id: string): Promise<Known | undefined> {
    const { api, signal } = this.#parts;
    try {
      const event = await readEvent(api, room, id, signal);
      return event === undefined ? undefined : knownOf(event, false);
    } catch (error) {
      if (error instanceof MatrixRefusal) return undefined;
      throw error;
    }
  }

  /**
   * What was taken back is gone, unless media of it lie at the homeserver still and could be put away there: that is left
   * to the act.
   */
  async #takenBack(redaction: RoomEvent): Promise<void> {
    const { intake, settings } = this.#parts;
    const target = redactedBy(redaction);
    if (target === undefined) return;
    if (settings.admin === 'synapse' && this.#known.get(target)?.media !== false) return;
    await intake.gone([target]);
  }

  /** What is encrypted was not looked at: a person must know. */
  async #encrypted(room: string, event: RoomEvent): Promise<void> {
    const { intake, memory, house } = this.#parts;
    if (isRedacted(event)) return;
    const count = (memory.room(room)?.encrypted ?? 0) + 1;
    memory.noteRoom(room, { encrypted: count });
    await intake.trouble({ code: 'room-encrypted', room });
    if (Number.isInteger(Math.log10(count))) house.logger.warn({ count }, 'encrypted messages were not looked at');
  }

  #note(event: RoomEvent, media: boolean): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(event.event_id, knownOf(event, media));
  }
}

function knownOf(event: RoomEvent, media: boolean): Known {
  return { sender: event.sender, isEdit: replacedBy(event) !== undefined, media };
}

import type { PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import type { Archives } from './archive.js';
import type { Session } from './session.js';
import type { Uploads } from './uploads.js';
import type { XmppMemory } from './xmpp-memory.js';
import type { XmppSettings } from './xmpp-settings.js';

/** What rooms and acts share for as long as one connection lasts. */
export interface WatchParts {
  readonly settings: XmppSettings;
  readonly house: PlatformHouse;
  readonly intake: PlatformIntake;
  readonly memory: XmppMemory;
  readonly session: Session;
  readonly archives: Archives;
  readonly uploads: Uploads;
  /** Aborted when the connection ends, and when the watch is to end. */
  readonly signal: AbortSignal;
  /** Counts what waits to be handed in, of all rooms. */
  readonly waiting: (change: 1 | -1) => void;
}

/** How an item is called: the room, and the room's own id of the message. */
export function itemIdOf(room: string, stanzaId: string): string {
  return `${room}/${stanzaId}`;
}

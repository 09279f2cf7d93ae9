import type { PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import type { MatrixApi } from './matrix-api.js';
import type { MatrixMemory } from './matrix-memory.js';
import type { RoomFacts } from './room-facts.js';
import type { MatrixSettings } from './settings.js';

/** What everything shares for as long as one connection lasts. */
export interface MatrixParts {
  readonly settings: MatrixSettings;
  readonly house: PlatformHouse;
  readonly intake: PlatformIntake;
  readonly memory: MatrixMemory;
  readonly api: MatrixApi;
  readonly facts: RoomFacts;
  /** The account of the bot. */
  readonly self: string;
  /** Where the interface for administrators is, without a slash at its end. */
  readonly adminUrl: string;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
}

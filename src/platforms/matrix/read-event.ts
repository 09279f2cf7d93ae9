import { type MatrixApi, path } from './matrix-api.js';
import { isNotFound } from './matrix-refusal.js';
import { type RoomEvent, readRoomEvent } from './room-event.js';

const PAGE = 50;
/** Edits of one message that are looked for. */
const MOST_PAGES = 20;

/**
 * Asks for one event of a room.
 * @returns undefined when there is none, or none that the bot is shown
 * @throws MatrixRefusal, VigieError as `MatrixApi.ask`
 */
export async function readEvent(
  api: MatrixApi,
  room: string,
  event: string,
  signal: AbortSignal,
): Promise<RoomEvent | undefined> {
  try {
    const call = { path: path`/_matrix/client/v3/rooms/${room}/event/${event}` };
    return readRoomEvent(await api.ask('event', call, signal));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The edits of an event, which stay when it is taken back.
 * @throws MatrixRefusal, VigieError as `MatrixApi.ask`
 */
export async function readEdits(
  api: MatrixApi,
  room: string,
  event: string,
  signal: AbortSignal,
): Promise<readonly RoomEvent[]> {
  const edits: RoomEvent[] = [];
  const where = path`/_matrix/client/v1/rooms/${room}/relations/${event}/m.replace`;
  let from: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { limit: String(PAGE), ...(from === undefined ? {} : { from }) };
    const said = await api.ask('event', { path: where, query }, signal);
    const { chunk, next_batch: next } = said;
    for (const each of Array.isArray(chunk) ? chunk : []) {
      const edit = readRoomEvent(each);
      if (edit !== undefined) edits.push(edit);
    }
    if (typeof next !== 'string' || next === from) break;
    from = next;
  }
  return edits;
}

import type { Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import type { Json } from './matrix-api.js';
import type { MatrixParts } from './parts.js';

const POWER = 'm.room.power_levels';
const JOIN = 'm.room.join_rules';

/** The level of moderators, by the convention of all clients. */
const MODERATOR = 50;

/** Messages of these kinds are named, so that a level of their own lets nobody past. */
const MESSAGES = ['m.room.message', 'm.room.encrypted', 'm.sticker', 'm.reaction', 'm.poll.start'] as const;

/** Only moderators say anything. Matrix has no rights for media alone. */
export async function restrictRoom(parts: MatrixParts, room: string, signal: AbortSignal): Promise<Outcome> {
  return await change(parts, room, { [POWER]: quietened }, signal);
}

/** Only moderators say anything, and nobody comes in without an invitation. */
export async function closeRoom(parts: MatrixParts, room: string, signal: AbortSignal): Promise<Outcome> {
  const invited = (content: Json) => (content['join_rule'] === 'invite' ? content : { join_rule: 'invite' });
  return await change(parts, room, { [POWER]: quietened, [JOIN]: invited }, signal);
}

/** What was changed becomes what it was before; rights that were given meanwhile stay. */
export async function reopenRoom(parts: MatrixParts, room: string, signal: AbortSignal): Promise<Outcome> {
  const { facts, memory } = parts;
  const before = memory.room(room)?.before ?? {};
  if (Object.keys(before).length === 0) {
    throw new VigieError('act-refused', { detail: 'what the room allowed is not known' });
  }
  let outcome: Outcome = 'already';
  for (const [type, content] of Object.entries(before)) {
    const now = (await facts.state(room, type, '', signal)) ?? {};
    const wanted = type === POWER ? loudened(now, content) : content;
    if (isSame(now, wanted)) continue;
    await set(parts, room, type, wanted, signal);
    outcome = 'done';
  }
  memory.noteRoom(room, { before: {} });
  await memory.flush();
  return outcome;
}

async function change(
  parts: MatrixParts,
  room: string,
  changes: Readonly<Record<string, (content: Json) => Json>>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { facts, memory } = parts;
  let outcome: Outcome = 'already';
  for (const [type, changed] of Object.entries(changes)) {
    const now = (await facts.state(room, type, '', signal)) ?? {};
    const wanted = changed(now);
    if (isSame(now, wanted)) continue;
    // Kept first: a room that was closed must be possible to open again. What was noted first counts.
    memory.noteRoom(room, { before: { [type]: now, ...memory.room(room)?.before } });
    await memory.flush();
    await set(parts, room, type, wanted, signal);
    outcome = 'done';
  }
  return outcome;
}

async function set(parts: MatrixParts, room: string, type: string, content: Json, signal: AbortSignal): Promise<void> {
  const { facts } = parts;
  await facts.setState(room, type, content, signal);
  facts.changed(room, type);
  const now = (await facts.state(room, type, '', signal)) ?? {};
  if (!isSame(now, content)) throw new VigieError('act-unconfirmed');
}

function quietened(content: Json): Json {
  const events = eventsOf(content);
  const named = Object.fromEntries(MESSAGES.map((type) => [type, MODERATOR]));
  const raised = Object.entries({ ...named, ...events }).map(([type, level]) => [type, raise(level)]);
  return { ...content, events: Object.fromEntries(raised), events_default: raise(content['events_default'] ?? 0) };
}

function loudened(now: Json, before: Json): Json {
  const { events: _now, events_default: _default, ...others } = now;
  const { events, events_default: level } = before;
  return {
    ...others,
    ...(events === undefined ? {} : { events }),
    ...(level === undefined ? {} : { events_default: level }),
  };
}

function raise(level: unknown): number {
  return Math.max(MODERATOR, Number(level) || 0);
}

function eventsOf({ events }: Json): Json {
  return typeof events === 'object' && events !== null ? (events as Json) : {};
}

/** Whether two contents say the same, in whatever order. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [first, second] = [Object.entries(one), new Map(Object.entries(other))];
  return first.length === second.size && first.every(([name, value]) => isSame(value, second.get(name)));
}

import { z } from 'zod';

const id = (mark: string) => z.string().min(2).max(255).startsWith(mark);

const roomEventShape = z.object({
  type: z.string().min(1).max(255),
  event_id: id('$'),
  sender: id('@'),
  origin_server_ts: z.number(),
  content: z.record(z.string(), z.unknown()),
  state_key: z.string().optional(),
  /** Of a redaction, up to version 10 of rooms. */
  redacts: z.string().optional(),
  unsigned: z.object({ redacted_because: z.unknown().optional() }).optional(),
});

/** Something that happened in a room, as a homeserver tells its clients. */
export type RoomEvent = z.output<typeof roomEventShape>;

/** @returns undefined when it is not what an event should be */
export function readRoomEvent(value: unknown): RoomEvent | undefined {
  return roomEventShape.safeParse(value).data;
}

/** Nothing is left of its content. */
export function isRedacted({ unsigned }: RoomEvent): boolean {
  return unsigned?.redacted_because !== undefined;
}

/** Which event an event stands in for (an edit); undefined when in for none. */
export function replacedBy(event: RoomEvent): string | undefined {
  const { rel_type: kind, event_id: target } = relationOf(event);
  return kind === 'm.replace' && isEventId(target) && event.state_key === undefined ? target : undefined;
}

/** Which event it answers. */
export function answeredBy(event: RoomEvent): string | undefined {
  const answered = relationOf(event)['m.in_reply_to'] as { readonly event_id?: unknown } | null | undefined;
  return isEventId(answered?.event_id) ? answered.event_id : undefined;
}

/** Which event a redaction takes back, by the rules of its room's version. */
export function redactedBy({ content, redacts }: RoomEvent): string | undefined {
  const target = content['redacts'] ?? redacts;
  return isEventId(target) ? target : undefined;
}

function relationOf({ content }: RoomEvent): Readonly<Record<string, unknown>> {
  const relation = content['m.relates_to'];
  return typeof relation === 'object' && relation !== null ? (relation as Record<string, unknown>) : {};
}

function isEventId(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('$') && value.length > 1 && value.length <= 255;
}

import { z } from 'zod';
import { path } from './matrix-api.js';
import type { MatrixParts } from './parts.js';

/** Some versions of rooms allow numbers in texts. */
const level = z.coerce.number().int();
const levels = z.record(z.string(), level).catch({});

export const powerShape = z.object({
  users: levels,
  users_default: level.catch(0),
  events: levels,
  events_default: level.catch(0),
  redact: level.catch(50),
  ban: level.catch(50),
});

const createShape = z.object({
  sender: z.string(),
  content: z.object({
    room_version: z.string().catch('1'),
    additional_creators: z.array(z.string()).catch([]),
  }),
});

export type Right = 'redact' | 'ban';

/** Since this version of rooms, who made a room stands above all levels. */
const CREATORS_ABOVE_ALL = 12;

/**
 * Rights that the bot lacks in a room.
 * @throws MatrixRefusal, VigieError as `MatrixApi.ask`
 */
export async function missingRights(
  { facts, self, api, signal }: Pick<MatrixParts, 'facts' | 'self' | 'api' | 'signal'>,
  room: string,
): Promise<readonly Right[]> {
  const power = powerShape.parse((await facts.state(room, 'm.room.power_levels', '', signal)) ?? {});
  const own = power.users[self] ?? power.users_default;
  const toRedact = Math.max(power.redact, power.events['m.room.redaction'] ?? power.events_default);
  const missing: readonly Right[] = [
    ...(own < toRedact ? (['redact'] as const) : []),
    ...(own < power.ban ? (['ban'] as const) : []),
  ];
  if (missing.length === 0) return missing;
  const call = { path: path`/_matrix/client/v3/rooms/${room}/state/m.room.create`, query: { format: 'event' } };
  const create = createShape.safeParse(await api.ask('state', call, signal)).data;
  if (create === undefined) return missing;
  const { sender, content } = create;
  const above = Number(content.room_version) >= CREATORS_ABOVE_ALL;
  return above && [sender, ...content.additional_creators].includes(self) ? [] : missing;
}

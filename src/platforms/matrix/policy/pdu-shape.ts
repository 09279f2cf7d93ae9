import { z } from 'zod';

/** What every event that servers send to each other has; some have more. */
export const pduShape = z.looseObject({
  type: z.string().min(1).max(255),
  sender: z
    .string()
    .min(4)
    .max(255)
    .regex(/^@[^:]*:./),
  room_id: z.string().max(255).startsWith('!').optional(),
  event_id: z.string().max(255).startsWith('$').optional(),
  state_key: z.string().max(255).optional(),
  origin_server_ts: z.number().int(),
  content: z.record(z.string(), z.unknown()),
  hashes: z.looseObject({ sha256: z.string().max(100) }),
  signatures: z.record(z.string(), z.record(z.string(), z.string().max(200))).default({}),
});

export type PduFields = z.output<typeof pduShape>;

/** Whether it says which policy server a room has: that is never asked about, so that a room can always do without. */
export function namesPolicyServer({ type, state_key: key }: PduFields): boolean {
  return type === 'm.room.policy' && key === '';
}

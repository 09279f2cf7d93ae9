import { z } from 'zod';
import type { ExemptionRow, StopRow } from '../../storage/enforcement/brake-store.js';
import { endpoint } from '../endpoint.js';

const platform = z.string().min(1).max(64);
const reason = z.string().trim().min(1).max(1_000);

const stopSchema = z.object({
  id: z.string(),
  platform: z.string().nullable().describe('Null: all of them.'),
  reason: z.string(),
  stoppedBy: z.string(),
  stopped: z.string(),
  liftedBy: z.string().nullable(),
  lifted: z.string().nullable(),
});

const presentStop = (row: StopRow): z.output<typeof stopSchema> => ({
  ...{ id: row.id, platform: row.platform === '' ? null : row.platform, reason: row.reason },
  ...{ stoppedBy: row.stopped_by, stopped: row.stopped_at.toISOString() },
  ...{ liftedBy: row.lifted_by, lifted: row.lifted_at?.toISOString() ?? null },
});

export const listStops = endpoint({
  method: 'GET',
  url: '/v1/stops',
  scope: 'enforcement:read',
  summary: 'Emergency stops: those that are on, and the latest that are not',
  query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
  answer: z.object({ stops: z.array(stopSchema) }),
  handle: async ({ query, services }) => ({
    stops: (await services.enforcement.brakes.stops(query.limit)).map(presentStop),
  }),
});

export const stopEnforcement = endpoint({
  method: 'POST',
  url: '/v1/stops',
  scope: 'enforcement:stop',
  summary: 'Stop enforcement: every act waits for a person from now on, in every process',
  body: z.object({ platform: platform.optional().describe('All of them when left out.'), reason }).strict(),
  answer: z.object({ held: z.number().int().describe('Orders that were taken back.') }),
  handle: async ({ body, principal, services }) => ({
    held: await services.enforcement.brakes.stop(body.platform, body.reason, principal.id),
  }),
});

export const liftStop = endpoint({
  method: 'POST',
  url: '/v1/stops/lift',
  scope: 'enforcement:stop',
  summary: 'Lift an emergency stop',
  body: z
    .object({
      platform: platform.optional().describe('The stop of all platforms when left out.'),
      resume: z.boolean().default(false).describe('Order again what it held back; else that waits for people.'),
    })
    .strict(),
  answer: z.object({ resumed: z.number().int() }),
  handle: async ({ body, principal, services }) => ({
    resumed: await services.enforcement.brakes.lift(body.platform, principal.id, body.resume),
  }),
});

const exemptionSchema = z.object({
  id: z.string(),
  platform: z.string(),
  kind: z.enum(['account', 'room']),
  subject: z.string().describe('Of an account our id, never the platform’s.'),
  reason: z.string(),
  until: z.string(),
  state: z.enum(['on', 'over', 'ended']),
  grantedBy: z.string(),
  granted: z.string(),
  endedBy: z.string().nullable(),
});

const presentExemption = (row: ExemptionRow): z.output<typeof exemptionSchema> => ({
  ...{ id: row.id, platform: row.platform, kind: row.subject_kind, subject: row.subject_id, reason: row.reason },
  until: row.until.toISOString(),
  state: row.ended_at === null ? (row.until > new Date() ? 'on' : 'over') : 'ended',
  ...{ grantedBy: row.granted_by, granted: row.granted_at.toISOString(), endedBy: row.ended_by },
});

export const addExemption = endpoint({
  method: 'POST',
  url: '/v1/exemptions',
  scope: 'enforcement:act',
  summary: 'Exempt an author or a room until an end: what rules propose for them waits for a person',
  body: z
    .object({
      platform,
      kind: z.enum(['account', 'room']),
      subject: z.string().min(1).max(255).describe("The platform's own id."),
      reason,
      until: z.iso.datetime({ offset: true }).describe('A year ahead at the most.'),
    })
    .strict(),
  answer: exemptionSchema,
  status: 201,
  handle: async ({ body, principal, services }) => {
    const exemption = { ...body, until: new Date(body.until) };
    return presentExemption(await services.enforcement.brakes.exempt(exemption, principal.id));
  },
});

export const listExemptions = endpoint({
  method: 'GET',
  url: '/v1/exemptions',
  scope: 'enforcement:read',
  summary: 'Exemptions: those that hold first',
  query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
  answer: z.object({ exemptions: z.array(exemptionSchema) }),
  handle: async ({ query, services }) => ({
    exemptions: (await services.enforcement.brakes.exemptions(query.limit)).map(presentExemption),
  }),
});

export const endExemption = endpoint({
  method: 'DELETE',
  url: '/v1/exemptions/:id',
  scope: 'enforcement:act',
  summary: 'End an exemption',
  params: z.object({ id: z.string().max(64) }),
  answer: exemptionSchema,
  handle: async ({ params, principal, services }) =>
    presentExemption(await services.enforcement.brakes.endExemption(params.id, principal.id)),
});

import { z } from 'zod';
import type { ShownCase } from '../../storage/enforcement/case-store.js';
import { endpoint } from '../endpoint.js';

const caseSchema = z.object({
  id: z.string(),
  subject: z.object({ kind: z.enum(['item', 'account', 'room']), id: z.string() }),
  platform: z.string(),
  state: z.enum(['open', 'decided']),
  priority: z.number().int().describe('From 0 to 100.'),
  cause: z.string(),
  item: z.string().nullable(),
  account: z
    .string()
    .nullable()
    .describe('Whom it is about, or who shared the item: our own id, never the platform’s.'),
  verdict: z.string().nullable(),
  score: z.number().nullable().describe('The highest of an outside scorer.'),
  reports: z.number().int(),
  opened: z.string(),
  due: z.string(),
  decision: z.enum(['confirmed', 'dismissed']).nullable(),
  decidedBy: z.string().nullable(),
  decided: z.string().nullable(),
});

const present = (row: ShownCase): z.output<typeof caseSchema> => ({
  ...{ id: row.id, subject: { kind: row.subject_kind, id: row.subject_id }, platform: row.platform },
  ...{ state: row.state, priority: row.priority, cause: row.cause, item: row.item_id },
  ...{ account: row.subject_kind === 'account' ? row.subject_id : row.account_id, verdict: row.verdict_id },
  ...{ score: row.score, reports: row.reports, opened: row.opened_at.toISOString(), due: row.due.toISOString() },
  ...{ decision: row.decision, decidedBy: row.decided_by, decided: row.decided_at?.toISOString() ?? null },
});

const byId = z.object({ id: z.string().max(64) });

export const listCases = endpoint({
  method: 'GET',
  url: '/v1/cases',
  scope: 'enforcement:read',
  summary: 'Cases: open ones by priority, decided ones latest first',
  query: z.object({
    state: z.enum(['open', 'decided']).default('open'),
    platform: z.string().max(64).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    after: z.string().max(64).optional().describe('`next` of the page before.'),
  }),
  answer: z.object({ cases: z.array(caseSchema), next: z.string().nullable() }),
  handle: async ({ query, services }) => {
    const { cases } = services.enforcement;
    if (query.after !== undefined) await cases.show(query.after);
    const page = await cases.ls(query);
    return { cases: page.map(present), next: page.length === query.limit ? (page.at(-1)?.id ?? null) : null };
  },
});

export const getCase = endpoint({
  method: 'GET',
  url: '/v1/cases/:id',
  scope: 'enforcement:read',
  summary: 'One case',
  params: byId,
  answer: caseSchema,
  handle: async ({ params, services }) => present(await services.enforcement.cases.show(params.id)),
});

export const decideCase = endpoint({
  method: 'POST',
  url: '/v1/cases/:id/decide',
  scope: 'enforcement:act',
  summary: 'Decide a case: confirmed, the item goes with all copies; dismissed, what was done is undone',
  params: byId,
  body: z
    .object({
      decision: z.enum(['confirmed', 'dismissed']),
      reason: z.string().trim().min(1).max(1_000),
      siblings: z.boolean().default(false).describe('What was shared together with the item is meant as well.'),
      media: z
        .array(z.number().int().min(0).max(31))
        .max(32)
        .optional()
        .describe('Ordinals of the media whose copies are meant; those that match when left out.'),
    })
    .strict(),
  answer: z.object({
    case: caseSchema,
    ordered: z.number().int().describe('Acts that were ordered.'),
    dropped: z.number().int().describe('What waited and is not wanted any more.'),
  }),
  handle: async ({ params, body: { decision, media, ...rest }, principal, services }) => {
    const by = { ...rest, by: principal.id, ...(media === undefined ? {} : { media }) };
    const { cases, decisions } = services.enforcement;
    const { consequences } = await decisions.decideCase(params.id, decision, by);
    return { case: present(await cases.show(params.id)), ...consequences };
  },
});

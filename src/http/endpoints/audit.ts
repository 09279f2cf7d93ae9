import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { ALL_EVENT_KINDS } from '../../storage/events/event-kinds.js';
import { endpoint } from '../endpoint.js';
import { answerInLines } from '../json-lines.js';
import { streamBytes } from '../stream-bytes.js';

const refValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const listEvents = endpoint({
  method: 'GET',
  url: '/v1/audit/events',
  scope: 'audit:read',
  summary: 'The latest events, newest first',
  description: 'Ids and counts only; what an event holds of people and entries is not shown here.',
  query: z.object({
    kind: z.enum(ALL_EVENT_KINDS).optional(),
    subject: z.string().max(128).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(50),
    before: z
      .string()
      .regex(/^-?\d{1,19}\.[\w-]{1,32}$/)
      .optional()
      .describe('The `next` of the page before.'),
  }),
  answer: z.object({
    events: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        version: z.number(),
        at: z.string(),
        actor: z.string(),
        subject: z.string(),
        refs: z.record(z.string(), refValue),
      }),
    ),
    next: z.string().nullable(),
    sealed: z.object({
      batches: z.number(),
      head: z.string(),
      unsealed: z.number(),
      oldestUnsealed: z.string().nullable(),
    }),
  }),
  handle: async ({ query, services }) => {
    const [xid, id] = query.before?.split('.', 2) ?? [];
    const before = xid === undefined || id === undefined ? undefined : { xid: Number(xid), id };
    const events = await services.audit.latest({ ...query, before });
    const { oldestUnsealed, ...sealed } = await services.audit.sealed();
    const last = events.length === query.limit ? events.at(-1) : undefined;
    return {
      events: events.map(({ xid: _, at, refs, ...event }) => ({ ...event, at: at.toISOString(), refs: { ...refs } })),
      next: last === undefined ? null : `${last.xid}.${last.id}`,
      sealed: { ...sealed, oldestUnsealed: oldestUnsealed?.toISOString() ?? null },
    };
  },
});

export const verifyAudit = endpoint({
  method: 'POST',
  url: '/v1/audit/verify',
  scope: 'audit:read',
  summary: 'Compare the sealed batches with the database',
  description:
    'Answers in JSON lines: a `finding` for all that does not fit, as it is found, and one `result` at the end.',
  produces: 'application/x-ndjson',
  handle: async (call) =>
    await answerInLines(call, async (lines) => {
      lines.begin();
      return await call.services.audit.verify((finding) => lines.write({ finding }), call.signal);
    }),
});

export const exportAudit = endpoint({
  method: 'GET',
  url: '/v1/audit/export',
  scope: 'audit:read',
  summary: 'All sealed batches, as text that proves itself',
  query: z.object({ after: z.coerce.number().int().min(0).default(0).describe('Only batches after this number.') }),
  produces: 'application/x-ndjson',
  handle: async ({ query, reply, signal, services }) =>
    await streamBytes(reply, 'application/x-ndjson', signal, async (sink) => {
      for await (const text of services.audit.export(query.after)) await sink.write(Buffer.from(text));
    }),
});

export const eraseSubject = endpoint({
  method: 'POST',
  url: '/v1/audit/erase',
  scope: 'audit:erase',
  summary: 'Erase what the record holds of a subject',
  description: 'Destroys the key of the subject and everything sealed under it. The events stay, and go on verifying.',
  body: z.union([
    z.object({ subject: z.string().regex(/^[a-z-]{1,32}:[\w-]{1,64}$/) }).strict(),
    z.object({ platform: z.string().min(1).max(64), account: z.string().min(1).max(255) }).strict(),
  ]),
  answer: z.object({ subject: z.string(), payloads: z.number() }),
  handle: async ({ body, services }) => {
    const subject = 'subject' in body ? body.subject : await services.intake.subjectOf(body);
    const payloads = subject === undefined ? undefined : await services.audit.erase(subject);
    if (subject === undefined || payloads === undefined) throw new VigieError('subject-not-found');
    return { subject, payloads };
  },
});

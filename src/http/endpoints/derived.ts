import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { readMediumForm } from '../medium-form.js';
import { reasonSchema } from '../proposal-shapes.js';
import { listNameSchema } from '../schemas.js';

const paramsSchema = z.object({ name: listNameSchema, entry: z.string().min(1).max(512) });

const derivedDraftSchema = z.object({ reason: reasonSchema, verdict: z.string().max(64).optional() }).strict();

export const deriveSignals = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/entries/:entry/derived',
  scope: 'entries:write',
  summary: 'Propose the PDQ or vPDQ of a confirmed medium for its entry',
  description:
    'For entries that came with exact hashes or PhotoDNA only. A person must have confirmed a match of the entry by one ' +
    'of these, and the file must carry it. Send a multipart form with JSON in the field `proposal` and, after it, the ' +
    'file in the field `media`. It acts once a second person has approved it, and goes with the entry.',
  params: paramsSchema,
  consumes: {
    'multipart/form-data': z
      .object({ proposal: derivedDraftSchema, media: z.file() })
      .meta({ examples: [{ proposal: { reason: 'confirmed in case 4711' } }] }),
  },
  answer: z.object({ proposal: z.string().nullable().describe('Null when the entry has all of it.') }),
  status: 201,
  handle: async ({ params: { name, entry }, request, principal, signal, services }) => {
    const { mediaBytes, videoBytes } = services.config.limits;
    const form = { field: 'proposal', schema: derivedDraftSchema, maximumBytes: Math.max(mediaBytes, videoBytes) };
    const proposal = await readMediumForm(request, form, ({ reason, verdict }, source) =>
      services.curation.derivations.propose({
        ...{ list: name, entry, source, reason, verdict, by: principal.id, signal },
      }),
    );
    return { proposal: proposal ?? null };
  },
});

export const withdrawDerived = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/entries/:entry/derived/withdraw',
  scope: 'entries:write',
  summary: 'Take back what was derived for an entry, at once; what its source gives stays',
  params: paramsSchema,
  body: z.object({ reason: reasonSchema }).strict(),
  answer: z.object({ withdrawn: z.literal(true) }),
  handle: async ({ params: { name, entry }, body, principal, services }) => {
    await services.curation.derivations.withdraw(name, entry, body.reason, principal.id);
    return { withdrawn: true as const };
  },
});

import { z } from 'zod';
import { VigieError } from '../../errors.js';
import type { EntrySignal } from '../../index/entry.js';
import { derivedId } from '../../lists/admit.js';
import { signalType } from '../../signals/signal-types.js';
import { type Call, endpoint } from '../endpoint.js';
import { readMediumForm } from '../medium-form.js';
import {
  knownSchema,
  PROPOSAL_EXAMPLE,
  type ProposalForm,
  presentKnown,
  presentProposal,
  proposalDraftSchema,
  proposalSchema,
  reasonSchema,
} from '../proposal-shapes.js';
import { readInvalid } from '../read-invalid.js';
import { listNameSchema, signalTypeSchema } from '../schemas.js';
import { toEntry } from './entries.js';

const paramsSchema = z.object({ name: listNameSchema });
const byId = z.object({ id: z.string().max(64) });

type ProposeCall = Call<z.output<typeof paramsSchema>, undefined, undefined>;

interface Made {
  readonly kind?: string;
  readonly signals: readonly EntrySignal[];
  readonly lacks: string | null;
}

const NOTHING: Made = { signals: [], lacks: null };

export const propose = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/proposals',
  scope: 'entries:write',
  summary: 'Propose an entry; it acts once a second person has approved it',
  description:
    'Send the proposal as JSON, with signals or with the verdict of an item whose medium can be fetched again; or as a ' +
    'multipart form with the JSON in the field `proposal` and, after it, the picture or clip in the field `media`: it is ' +
    'hashed as for lists, and its bytes are let go. What the lists know already that is near is told with the answer.',
  params: paramsSchema,
  consumes: {
    'application/json': proposalDraftSchema.meta({ examples: [PROPOSAL_EXAMPLE] }),
    'multipart/form-data': z
      .object({ proposal: proposalDraftSchema, media: z.file() })
      .meta({ examples: [{ proposal: { reason: 'seen in case 4712' } }] }),
  },
  answer: proposalSchema.extend({
    lacks: z.string().nullable().describe('Why the medium has no perceptual hash, or only a part of it.'),
    known: knownSchema,
  }),
  status: 201,
  handle: async (call) => {
    const { request, services, signal } = call;
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type === 'application/json') {
      const read = proposalDraftSchema.safeParse(request.body);
      if (!read.success) throw readInvalid(read.error);
      const { verdict, medium, entry, act } = read.data;
      const anew = act === 'add' && entry.signals === undefined && verdict !== undefined;
      const made = anew ? await services.curation.signalsOfVerdict(verdict, medium, signal) : NOTHING;
      return await take(call, read.data, made);
    }
    if (type !== 'multipart/form-data') throw new VigieError('content-type-unsupported');
    const { mediaBytes, videoBytes } = services.config.limits;
    const form = { field: 'proposal', schema: proposalDraftSchema, maximumBytes: Math.max(mediaBytes, videoBytes) };
    const [draft, made] = await readMediumForm(request, form, async (read, medium) => {
      if (read.act !== 'add') throw new VigieError('request-invalid', { detail: `no file goes with ${read.act}` });
      return [read, await services.curation.signalsOf(medium, signal)] as const;
    });
    return await take(call, draft, made);
  },
});

async function take({ params: { name: list }, principal, services }: ProposeCall, draft: ProposalForm, made: Made) {
  const { curation } = services;
  const { act, verdict, reason, until } = draft;
  const entry = entryOf(draft, made, list);
  const known = await curation.known(entry.signals);
  const id = await curation.proposals.propose({
    ...{ list, act, entry, reason, verdict, by: principal.id },
    until: until === undefined ? undefined : new Date(until),
  });
  const shown = presentProposal(await curation.proposals.show(id));
  return { ...shown, lacks: made.lacks, known: presentKnown(known, principal) };
}

function entryOf({ act, entry: { signals = [], ...rest } }: ProposalForm, made: Made, list: string) {
  if (act === 'lift-approval') return { id: list, signals: [] };
  if (act === 'restore') {
    if (rest.id === undefined) throw new VigieError('request-invalid', { detail: '/entry/id is missing' });
    return { id: rest.id, signals: [] };
  }
  const { kind = made.kind === 'other' ? undefined : made.kind, ...fields } = rest;
  const written = toEntry({ ...fields, signals, ...(kind === undefined ? {} : { kind }) }, 0);
  const all = [...written.signals, ...made.signals];
  if (all.length === 0) throw new VigieError('request-invalid', { detail: 'no signals, no file and no verdict' });
  return { ...written, signals: all, id: rest.id ?? derivedId(all) };
}

export const listProposals = endpoint({
  method: 'GET',
  url: '/v1/proposals',
  scope: 'lists:read',
  summary: 'What is proposed for lists, newest first',
  query: z.object({
    state: proposalSchema.shape.state.optional().describe('All if absent.'),
    list: listNameSchema.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  answer: z.object({ proposals: z.array(proposalSchema) }),
  handle: async ({ query, services }) => ({
    proposals: (await services.curation.proposals.ls(query)).map(presentProposal),
  }),
});

export const getProposal = endpoint({
  method: 'GET',
  url: '/v1/proposals/:id',
  scope: 'lists:read',
  summary:
    'One proposal; what is near it in the lists; with entries:read its fingerprints, and such a look is recorded',
  params: byId,
  answer: proposalSchema.extend({
    known: knownSchema.nullable(),
    content: z
      .object({
        grade: z.string().nullable(),
        kind: z.string().nullable(),
        comment: z.string().nullable(),
        signals: z.array(z.object({ type: signalTypeSchema, value: z.string(), quality: z.number().nullable() })),
      })
      .nullable()
      .describe('Until it is decided.'),
  }),
  handle: async ({ params: { id }, principal, services }) => {
    const { proposals } = services.curation;
    const proposal = await proposals.show(id);
    const entry = await proposals.open(id);
    const known = entry && presentKnown(await services.curation.known(entry.signals), principal);
    const shown = { ...presentProposal(proposal), known: known ?? null };
    if (entry === undefined || !principal.scopes.has('entries:read')) return { ...shown, content: null };
    const refs = { proposal: id, list: proposal.listId };
    await services.audit.note({ kind: 'proposal.viewed', subject: `list:${proposal.listId}`, refs });
    const { grade = null, kind = null, comment = null, signals } = entry;
    const values = signals.map(({ type, value, quality = null }) => ({
      ...{ type, quality, value: signalType(type).format(value) },
    }));
    return { ...shown, content: { grade, kind, comment, signals: values } };
  },
});

export const approveProposal = endpoint({
  method: 'POST',
  url: '/v1/proposals/:id/approve',
  scope: 'entries:approve',
  summary: 'Approve what somebody else has proposed; it acts when this answers',
  params: byId,
  body: z.object({ reason: reasonSchema.optional() }).strict().nullish(),
  answer: proposalSchema,
  handle: async ({ params, body, principal, services }) =>
    presentProposal(await services.curation.proposals.approve(params.id, principal.id, body?.reason ?? null)),
});

export const refuseProposal = endpoint({
  method: 'POST',
  url: '/v1/proposals/:id/refuse',
  scope: 'entries:approve',
  summary: 'Refuse a proposal; what was proposed is let go',
  params: byId,
  body: z.object({ reason: reasonSchema }).strict(),
  answer: proposalSchema,
  handle: async ({ params, body, principal, services }) =>
    presentProposal(await services.curation.proposals.refuse(params.id, principal.id, body.reason)),
});

export const takeProposalBack = endpoint({
  method: 'DELETE',
  url: '/v1/proposals/:id',
  scope: 'entries:write',
  summary: 'Take back what you have proposed yourself',
  params: byId,
  answer: proposalSchema,
  handle: async ({ params, principal, services }) =>
    presentProposal(await services.curation.proposals.takeBack(params.id, principal.id)),
});

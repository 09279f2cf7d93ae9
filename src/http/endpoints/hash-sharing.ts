import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import {
  acceptedXml,
  FEEDBACK_TYPES,
  membersXml,
  PUBLISHER_ID,
  readSubmission,
  reasonsXml,
  statusXml,
} from '../../lists/publishing/hash-sharing-xml.js';
import { parseNcmecTime } from '../../lists/sources/ncmec/ncmec-times.js';
import { memberOf } from '../authenticate-member.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';
import { sendPacked } from './feed.js';

/** What NCMEC's hash sharing, version 2, offers its clients; each list is an environment of its own. */
const XML = 'application/xml; charset=utf-8';

const ofList = z.object({ name: listNameSchema });

const time = z
  .string()
  .refine((text) => text.endsWith('Z') && parseNcmecTime(text) !== undefined, 'such as 2026-11-25T12:00:00Z')
  .transform((text) => new Date(parseNcmecTime(text) ?? Number.NaN));

const typeSchema = z.enum([...FEEDBACK_TYPES.keys()]).describe('MD5, SHA1, PDNA or PDQ');

const send = async (request: FastifyRequest, reply: FastifyReply, text: string): Promise<FastifyReply> =>
  await sendPacked(request, reply, XML, Buffer.from(text));

export const sharedStatus = endpoint({
  method: 'GET',
  url: '/hashsharing/:name/v2/status',
  scope: 'member',
  summary: 'Hash sharing in XML: who asks',
  params: ofList,
  produces: XML,
  handle: async ({ params, request, reply, services }) => {
    await services.publishing.publications.one(params.name, memberOf(request));
    return await send(request, reply, statusXml(memberOf(request), request.ip));
  },
});

export const sharedMembers = endpoint({
  method: 'GET',
  url: '/hashsharing/:name/v2/members',
  scope: 'member',
  summary: 'Hash sharing in XML: who gives entries',
  params: ofList,
  produces: XML,
  handle: async ({ params, request, reply, services }) => {
    await services.publishing.publications.one(params.name, memberOf(request));
    return await send(request, reply, membersXml(params.name));
  },
});

export const sharedEntries = endpoint({
  method: 'GET',
  url: '/hashsharing/:name/v2/entries',
  scope: 'member',
  summary: 'Hash sharing in XML: entries that changed in a range of time, page by page',
  params: ofList,
  query: z.object({
    from: time,
    to: time.describe('Not part of the range.'),
    start: z.coerce.number().int().min(1).default(1),
    size: z.string().optional(),
    max: z.string().optional(),
    cursor: z.string().max(100_000).optional().describe('As the page before has given it, with the same range.'),
  }),
  produces: XML,
  handle: async ({ params, query, request, reply, signal, services }) => {
    const { from, to, start, cursor } = query;
    if (from > to) throw new VigieError('request-invalid', { detail: 'the range runs backwards' });
    const page = await services.publishing.sharedPage(
      memberOf(request),
      params.name,
      { from, to, start, cursor },
      signal,
    );
    return await send(request, reply, page);
  },
});

export const sharedReasons = endpoint({
  method: 'GET',
  url: '/hashsharing/:name/v2/feedback/:type/reasons',
  scope: 'member',
  summary: 'Hash sharing in XML: reasons to doubt an entry',
  params: ofList.extend({ type: typeSchema }),
  produces: XML,
  handle: async ({ params, request, reply, services }) => {
    await services.publishing.publications.one(params.name, memberOf(request));
    return await send(request, reply, reasonsXml(params.type));
  },
});

export const shareFeedback = endpoint({
  method: 'PUT',
  url: '/hashsharing/:name/v2/entries/:member/:entry/:type/feedback',
  scope: 'member',
  summary: 'Hash sharing in XML: what a member thinks of an entry; telling it again changes nothing',
  params: ofList.extend({ member: z.string().max(64), entry: z.string().min(1).max(512), type: typeSchema }),
  consumes: {
    'application/xml': z.string().meta({
      description: 'A feedbackSubmission.',
      examples: ['<feedbackSubmission><affirmative/></feedbackSubmission>'],
    }),
  },
  produces: XML,
  handle: async ({ params, request, reply, services }) => {
    const { name, member, entry, type } = params;
    if (!(request.body instanceof Uint8Array)) throw new VigieError('content-type-unsupported');
    if (member !== PUBLISHER_ID) throw new VigieError('entry-not-found');
    const said = await readSubmission(request.body, type);
    const signal = FEEDBACK_TYPES.get(type) ?? type.toLowerCase();
    await services.publishing.receive(memberOf(request), name, { entryId: entry, signal, ...said });
    return await send(request, reply, acceptedXml());
  },
});

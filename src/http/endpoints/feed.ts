import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SIGNATURE_HEADER } from '../../lists/publishing/feed-signature.js';
import { FEED_TYPE } from '../../lists/publishing/feed-text.js';
import { memberOf } from '../authenticate-member.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';

const pack = promisify(gzip);
/** Packing less saves nothing. */
const WORTH_PACKING = 1_024;

export const feedLists = endpoint({
  method: 'GET',
  url: '/feed/v1/lists',
  scope: 'member',
  summary: 'The published lists that a member gets, and the keys that sign them',
  answer: z.object({
    publisher: z.string(),
    member: z.object({ id: z.string(), name: z.string() }),
    lists: z.array(
      z.object({
        name: z.string(),
        terms: z.string(),
        licence: z.string().nullable(),
        grades: z.array(z.string()).nullable().describe('Those that it gets; null for all.'),
      }),
    ),
    keys: z.array(z.object({ id: z.string(), publicKey: z.string(), until: z.string().nullable() })),
  }),
  handle: async ({ request, services: { publishing } }) => {
    const { id, name } = memberOf(request);
    return {
      publisher: await publishing.id(),
      member: { id, name },
      lists: (await publishing.publications.of(memberOf(request))).map(({ list, publication, grades }) => ({
        ...{ name: list.name, terms: publication.terms, licence: list.licence, grades: grades && [...grades] },
      })),
      keys: (await publishing.keys.ls()).map((key) => ({
        ...{ id: key.id, publicKey: key.publicKey, until: key.until?.toISOString() ?? null },
      })),
    };
  },
});

export const feedEntries = endpoint({
  method: 'GET',
  url: '/feed/v1/lists/:name/entries',
  scope: 'member',
  summary: 'What has changed in a published list since a checkpoint, as JSON lines, signed',
  description:
    'The first line says which question it answers, each line after it is {"put": entry} or {"remove": id}, the last one ' +
    'says where to go on. The header vigie-signature has Ed25519 signatures of the unpacked bytes; see docs/publishing.md.',
  params: z.object({ name: listNameSchema }),
  query: z.object({
    after: z.string().max(100_000).optional().describe('`next` of the page before; from the beginning when left out.'),
    nonce: z
      .string()
      .regex(/^[\w-]{16,200}$/)
      .describe('Random, another one each time; it comes back in the page.'),
  }),
  produces: FEED_TYPE,
  handle: async ({ params, query, request, reply, signal, services }) => {
    const asked = { list: params.name, after: query.after, nonce: query.nonce };
    const { body, signature } = await services.publishing.page(memberOf(request), asked, signal);
    reply.header(SIGNATURE_HEADER, signature);
    return await sendPacked(request, reply, FEED_TYPE, body);
  },
});

export const feedOpinion = endpoint({
  method: 'PUT',
  url: '/feed/v1/lists/:name/entries/:entry/opinion',
  scope: 'member',
  summary: 'What a member thinks of an entry; telling it again changes nothing',
  params: z.object({ name: listNameSchema, entry: z.string().min(1).max(512) }),
  body: z
    .object({
      opinion: z.enum(['confirmed', 'refuted']),
      signal: z.string().regex(/^[a-z0-9-]{1,32}$/),
      reason: z.string().max(200).optional(),
    })
    .strict(),
  answer: z.object({ received: z.literal(true) }),
  handle: async ({ params, body, request, services }) => {
    const { opinion, signal, reason = null } = body;
    const received = { entryId: params.entry, affirmative: opinion === 'confirmed', signal, reason };
    await services.publishing.receive(memberOf(request), params.name, received);
    return { received: true as const };
  },
});

/** Sends a body, packed where the client takes that. */
export async function sendPacked(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  body: Buffer,
): Promise<FastifyReply> {
  const accepted = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(request.headers['accept-encoding'] ?? ''));
  reply.type(type).header('vary', 'accept-encoding');
  if (!accepted || body.length < WORTH_PACKING) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(await pack(body));
}

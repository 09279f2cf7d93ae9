import { z } from 'zod';
import type { ShownPublicationKey } from '../../lists/publishing/publication-keys.js';
import type { PublishedList } from '../../lists/publishing/publications.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';

/** At how many doubts an entry is put before a person, unless told otherwise. */
const DOUBTS = 3;

export const gradesSchema = z.array(z.string().min(1).max(64)).min(1).max(50);
export const jurisdictionsSchema = z.array(z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/)).max(300);

const publicationSchema = z.object({
  list: z.string(),
  terms: z.string(),
  reason: z.string(),
  grades: z.array(z.string()).nullable(),
  jurisdictions: z.array(z.string()).nullable(),
  doubts: z.number().int(),
  by: z.string(),
  since: z.string(),
});

const keysSchema = z.array(
  z.object({ id: z.string(), publicKey: z.string(), created: z.string(), until: z.string().nullable() }),
);

const present = ({ list, publication }: PublishedList) => {
  const { terms, reason, grades, jurisdictions, doubts, by, since } = publication;
  return {
    ...{ list: list.name, terms, reason, doubts, by, since: since.toISOString() },
    ...{ grades: grades && [...grades], jurisdictions: jurisdictions && [...jurisdictions] },
  };
};

const presentKeys = (keys: readonly ShownPublicationKey[]) =>
  keys.map(({ id, publicKey, createdAt, until }) => ({
    ...{ id, publicKey, created: createdAt.toISOString(), until: until?.toISOString() ?? null },
  }));

export const listPublications = endpoint({
  method: 'GET',
  url: '/v1/publications',
  scope: 'lists:read',
  summary: 'The lists that are published to members, and on which terms',
  answer: z.object({ publications: z.array(publicationSchema) }),
  handle: async ({ services }) => ({ publications: (await services.publishing.publications.ls()).map(present) }),
});

export const publishList = endpoint({
  method: 'PUT',
  url: '/v1/publications/:name',
  scope: 'lists:export',
  summary: 'Publish a list to members, or change the terms of one that is published',
  description: 'Its entries leave the house from then on. Who said so and why is an event.',
  params: z.object({ name: listNameSchema }),
  body: z
    .object({
      terms: z.string().trim().min(3).max(10_000).describe('What those agree to who take it.'),
      reason: z.string().trim().min(3).max(2_000).describe('Why it is given away.'),
      grades: gradesSchema.optional().describe('Only entries of these grades; all when left out.'),
      jurisdictions: jurisdictionsSchema
        .min(1)
        .optional()
        .describe('Only members of these, such as GB; all when left out.'),
      doubts: z
        .number()
        .int()
        .min(1)
        .max(1_000)
        .default(DOUBTS)
        .describe('So many doubts put an entry before a person.'),
    })
    .strict(),
  answer: publicationSchema,
  handle: async ({ params, body, principal, services }) => {
    const { terms, reason, grades = null, jurisdictions = null, doubts } = body;
    const said = { terms, reason, grades, jurisdictions, doubts };
    return present(await services.publishing.publications.on(params.name, said, principal.id));
  },
});

export const unpublishList = endpoint({
  method: 'DELETE',
  url: '/v1/publications/:name',
  scope: 'lists:export',
  summary: 'Publish a list no longer',
  params: z.object({ name: listNameSchema }),
  query: z.object({ reason: z.string().trim().min(3).max(2_000).default('not said') }),
  answer: z.object({ off: z.literal(true) }),
  handle: async ({ params, query, principal, services }) => {
    await services.publishing.publications.off(params.name, query.reason, principal.id);
    return { off: true as const };
  },
});

export const listPublicationKeys = endpoint({
  method: 'GET',
  url: '/v1/publication-keys',
  scope: 'lists:read',
  summary: 'The public halves of the keys that sign what is published',
  answer: z.object({ keys: keysSchema }),
  handle: async ({ services }) => ({ keys: presentKeys(await services.publishing.keys.ls()) }),
});

export const rotatePublicationKey = endpoint({
  method: 'POST',
  url: '/v1/publication-keys',
  scope: 'lists:export',
  summary: 'Make a new key that signs; those before it sign too for some days',
  body: z.object({ overlapDays: z.number().min(0).max(365).default(30) }).strict(),
  answer: z.object({ keys: keysSchema }),
  status: 201,
  handle: async ({ body, services }) => ({
    keys: presentKeys(await services.publishing.keys.rotate(body.overlapDays)),
  }),
});

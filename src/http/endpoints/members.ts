import { z } from 'zod';
import { parseRate } from '../../access/quotas.js';
import type { StoredMember } from '../../storage/publishing/member-store.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';
import type { Services } from '../services.js';
import { gradesSchema, jurisdictionsSchema } from './publications.js';

const memberSchema = z.object({
  id: z.string(),
  name: z.string(),
  lists: z.array(z.string()).nullable().describe('Null for all that are published.'),
  grades: z.array(z.string()).nullable().describe('Null for all.'),
  jurisdictions: z.array(z.string()),
  rate: z.string().nullable(),
  createdBy: z.string(),
  created: z.string(),
  revoked: z.string().nullable(),
  seen: z.string().nullable(),
});

async function present(services: Services, member: StoredMember): Promise<z.output<typeof memberSchema>> {
  const { id, name, lists, grades, jurisdictions, rate, createdBy } = member;
  const names = await services.publishing.members.listNames();
  return {
    ...{ id, name, rate, createdBy, jurisdictions: [...jurisdictions], grades: grades && [...grades] },
    lists: lists?.map((each) => names.get(each) ?? 'a list that was removed') ?? null,
    created: member.createdAt.toISOString(),
    revoked: member.revokedAt?.toISOString() ?? null,
    seen: member.seenAt?.toISOString() ?? null,
  };
}

export const addMember = endpoint({
  method: 'POST',
  url: '/v1/members',
  scope: 'members:write',
  summary: 'Add a member to whom lists are published; its key is told only once',
  body: z
    .object({
      name: z
        .string()
        .regex(/^[^\s:][^:\p{Cc}]{0,98}[^\s:]$/u)
        .describe('Without a colon: it is the name of Basic authentication too.'),
      lists: z.array(listNameSchema).min(1).max(1_000).optional().describe('Only these; all when left out.'),
      grades: gradesSchema.optional().describe('Only entries of these grades; all when left out.'),
      jurisdictions: jurisdictionsSchema.default([]).describe('Where it is, such as GB.'),
      rate: z
        .string()
        .refine((text) => parseRate(text) !== undefined, 'such as 10/s')
        .optional(),
    })
    .strict(),
  answer: z.object({ member: memberSchema, key: z.string() }),
  status: 201,
  handle: async ({ body, principal, services }) => {
    const { rate = null, ...draft } = body;
    const { member, key } = await services.publishing.members.add({ ...draft, rate }, principal.id);
    return { member: await present(services, member), key };
  },
});

export const listMembers = endpoint({
  method: 'GET',
  url: '/v1/members',
  scope: 'members:write',
  summary: 'All members, revoked ones too; no keys',
  answer: z.object({ members: z.array(memberSchema) }),
  handle: async ({ services }) => {
    const members = await services.publishing.members.ls();
    return { members: await Promise.all(members.map((each) => present(services, each))) };
  },
});

export const revokeMember = endpoint({
  method: 'DELETE',
  url: '/v1/members/:id',
  scope: 'members:write',
  summary: 'Revoke a member: its key opens nothing from now on',
  params: z.object({ id: z.string().max(64) }),
  answer: z.object({ revoked: z.literal(true) }),
  handle: async ({ params, principal, services }) => {
    await services.publishing.members.revoke(params.id, principal.id);
    return { revoked: true as const };
  },
});

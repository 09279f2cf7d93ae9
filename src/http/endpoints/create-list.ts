import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';
import { listSchema } from './lists.js';

const approvalSchema = z.enum(['none', 'two-person']);
const text = z.string().trim().min(1).max(2_000);

export const createList = endpoint({
  method: 'POST',
  url: '/v1/lists',
  scope: 'lists:write',
  summary: 'Make an empty list of your own',
  description:
    'Its entries are proposed, and act once a second person has approved them, unless `approval` is `none`. A list that ' +
    'comes from a file needs no making: it is imported.',
  body: z
    .object({
      name: listNameSchema,
      approval: approvalSchema.default('two-person'),
      role: z
        .enum(['block', 'allow'])
        .default('block')
        .describe('`allow`: what is known to be good, which overrules near matches.'),
      source: text.optional(),
      licence: text.optional(),
      terms: text.optional(),
      expires: z.iso.datetime({ offset: true }).optional(),
    })
    .strict(),
  answer: listSchema,
  status: 201,
  handle: async ({ body: { name, expires, approval, role, source, licence, terms }, services }) => {
    await services.lists.create(name, {
      approval,
      role,
      ...(source === undefined ? {} : { source }),
      ...(licence === undefined ? {} : { licence }),
      ...(terms === undefined ? {} : { terms }),
      ...(expires === undefined ? {} : { expiresAt: new Date(expires) }),
    });
    return await services.lists.show(name);
  },
});

export const requireApproval = endpoint({
  method: 'PUT',
  url: '/v1/lists/:name/approval',
  scope: 'lists:write',
  summary: 'From now on entries of a list need a second person',
  description: 'That they no longer do is proposed and approved itself: the act `lift-approval` of a proposal.',
  params: z.object({ name: listNameSchema }),
  body: z.object({ approval: approvalSchema }).strict(),
  answer: listSchema,
  handle: async ({ params: { name }, body: { approval }, services }) => {
    const { approval: before } = await services.lists.show(name);
    if (before === 'two-person' && approval === 'none') {
      throw new VigieError('approval-required', { detail: 'propose to lift it' });
    }
    await services.lists.describeList(name, { approval });
    return await services.lists.show(name);
  },
});

import { z } from 'zod';
import type { KeyInfo } from '../../access/api-keys.js';
import { formatRate, parseRate } from '../../access/quotas.js';
import { ALL_SCOPES, type Scope } from '../../access/scopes.js';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';

const scopeSchema = z.enum(ALL_SCOPES as [Scope, ...Scope[]]);

const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  created: z.string(),
  revoked: z.string().nullable(),
  rate: z.string().nullable(),
});

const present = ({ id, name, scopes, created, revoked, rate }: KeyInfo) => ({
  id,
  name,
  scopes: [...scopes],
  created: created.toISOString(),
  revoked: revoked?.toISOString() ?? null,
  rate,
});

export const createKey = endpoint({
  method: 'POST',
  url: '/v1/keys',
  scope: 'keys:write',
  summary: 'Create a key; it is told only once',
  body: z
    .object({
      name: z.string().min(1).max(100),
      scopes: z.array(scopeSchema).min(1),
      rate: z
        .string()
        .refine((text) => parseRate(text) !== undefined, 'not a rate')
        .optional()
        .describe('Such as `500/s` or `20/min`: how often it may be used for each kind of request.'),
    })
    .strict(),
  answer: z.object({ key: z.string(), info: keySchema }),
  status: 201,
  handle: async ({ body, principal, services }) => {
    const missing = body.scopes.find((scope) => !principal.scopes.has(scope));
    // Nobody hands out what they do not have.
    if (missing !== undefined) throw new VigieError('scope-missing', { detail: missing });
    // A key that has a rate of its own makes keys with the same, unless another is said.
    const own = principal.rate === undefined ? null : formatRate(principal.rate);
    const { key, info } = await services.keys.create(body.name, body.scopes, body.rate ?? own);
    return { key, info: present(info) };
  },
});

export const listKeys = endpoint({
  method: 'GET',
  url: '/v1/keys',
  scope: 'keys:write',
  summary: 'All keys, without their secrets',
  answer: z.object({ keys: z.array(keySchema) }),
  handle: async ({ services }) => ({ keys: (await services.keys.ls()).map(present) }),
});

export const revokeKey = endpoint({
  method: 'DELETE',
  url: '/v1/keys/:id',
  scope: 'keys:write',
  summary: 'Revoke a key',
  params: z.object({ id: z.string().max(64) }),
  answer: z.object({ revoked: z.literal(true) }),
  handle: async ({ params, services }) => {
    if (!(await services.keys.revoke(params.id))) throw new VigieError('key-not-found');
    return { revoked: true as const };
  },
});

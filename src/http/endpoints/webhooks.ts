import { z } from 'zod';
import { MESSAGE_TYPES } from '../../effects/webhook-messages.js';
import type { ShownWebhook } from '../../effects/webhooks.js';
import { endpoint } from '../endpoint.js';

const webhookSchema = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string().nullable().describe('Of its address; null when that cannot be opened any more.'),
  types: z.array(z.string()).describe('The messages that it gets.'),
  active: z.boolean(),
  createdBy: z.string(),
  created: z.string(),
});

const present = ({ id, name, host, kinds, active, createdBy, createdAt }: ShownWebhook) => ({
  ...{ id, name, host, types: [...kinds], active, createdBy, created: createdAt.toISOString() },
});

const byId = z.object({ id: z.string().max(64) });

export const addWebhook = endpoint({
  method: 'POST',
  url: '/v1/webhooks',
  scope: 'webhooks:write',
  summary: 'Add a webhook; the secret of its signatures is told only once',
  body: z
    .object({
      name: z.string().min(1).max(100),
      url: z.string().max(2_000),
      types: z.array(z.enum(MESSAGE_TYPES)).min(1),
    })
    .strict(),
  answer: z.object({ webhook: webhookSchema, secret: z.string() }),
  status: 201,
  handle: async ({ body: { name, url, types }, principal, services }) => {
    const { webhook, secret } = await services.webhooks.add({ name, url, kinds: [...new Set(types)] }, principal.id);
    return { webhook: present(webhook), secret };
  },
});

export const listWebhooks = endpoint({
  method: 'GET',
  url: '/v1/webhooks',
  scope: 'webhooks:write',
  summary: 'All webhooks; of their addresses only the hosts, and no secrets',
  answer: z.object({ webhooks: z.array(webhookSchema) }),
  handle: async ({ services }) => ({ webhooks: (await services.webhooks.ls()).map(present) }),
});

export const removeWebhook = endpoint({
  method: 'DELETE',
  url: '/v1/webhooks/:id',
  scope: 'webhooks:write',
  summary: 'Remove a webhook; what waits for it is dropped',
  params: byId,
  answer: z.object({ removed: z.literal(true) }),
  handle: async ({ params, principal, services }) => {
    await services.webhooks.remove(params.id, principal.id);
    return { removed: true as const };
  },
});

export const testWebhook = endpoint({
  method: 'POST',
  url: '/v1/webhooks/:id/test',
  scope: 'webhooks:write',
  summary: 'Send a test message now',
  description: 'Fails with the error for which the receiver did not take it.',
  params: byId,
  answer: z.object({ delivered: z.literal(true) }),
  handle: async ({ params, signal, services }) => {
    await services.webhooks.test(params.id, signal);
    return { delivered: true as const };
  },
});

export const rotateWebhook = endpoint({
  method: 'POST',
  url: '/v1/webhooks/:id/rotate',
  scope: 'webhooks:write',
  summary: 'Give a webhook a new secret; the one before signs too for a day',
  params: byId,
  answer: z.object({ secret: z.string() }),
  handle: async ({ params, principal, services }) => ({
    secret: await services.webhooks.rotate(params.id, principal.id),
  }),
});

import { z } from 'zod';
import { itemDraftSchema } from '../../intake/item-draft.js';
import { endpoint } from '../endpoint.js';

const { platform, id } = itemDraftSchema.shape;

/** What the platform or its author took down needs no act of ours. */
export const itemsGone = endpoint({
  method: 'POST',
  url: '/v1/items/gone',
  scope: 'items:write',
  summary: 'Say that things are no longer up on their platform',
  description:
    'Its author or a moderator took them down. All revisions of them are meant; ids that were never handed in are passed over. What of them still waits is looked at all the same.',
  body: z
    .object({
      platform,
      ids: z.array(id).min(1).max(1_000).describe("The platform's own ids, as they were handed in."),
    })
    .strict(),
  answer: z.object({ items: z.array(z.string()).describe('Ids of the items that were up until now.') }),
  handle: async ({ body, services }) => ({
    items: [...(await services.intake.items.gone(body.platform, body.ids))],
  }),
});

import { z } from 'zod';
import { ACTS } from '../../enforcement/acts.js';
import { baseUrlSchema } from '../../net/base-url.js';

const MINUTES = 60;

export const webhookSettings = z.strictObject({
  url: baseUrlSchema.describe(
    'Where signed orders are sent: https, or http on this machine. A private address must be allowed with --allow-fetch-from',
  ),
  acts: z
    .array(z.enum(ACTS))
    .min(1)
    .max(ACTS.length)
    .default(['remove', 'restore'])
    .describe(`What the platform can do: any of ${ACTS.join(', ')}. The rest goes before people`),
  answers: z
    .enum(['at-once', 'later'])
    .default('at-once')
    .describe(
      '`at-once`: it is done when the answer says so; `later`: the platform may accept, and confirm through the API when it is done',
    ),
  confirmWithin: z
    .number()
    .int()
    .min(10)
    .max(6 * 60 * MINUTES)
    .default(10 * MINUTES)
    .describe('For `later`: after so many seconds without a word the order is sent again, under the same id'),
  lookAt: z
    .string()
    .max(1_024)
    .refine(
      (text) => text === '' || isPageOfItem(text),
      'an https address with {item} in it; http for this machine alone',
    )
    .default('')
    .describe(
      'Where anybody sees an item, with {item} for its id, such as https://forum.example/posts/{item}: it is looked at after each removal, which counts only when the page is gone',
    ),
});

export type WebhookSettings = z.output<typeof webhookSettings>;

function isPageOfItem(text: string): boolean {
  const [path = ''] = text.split('?', 1);
  // An id chooses no host.
  if (!text.includes('{item}') || !/^https?:\/\/[^/{}]+\//.test(path)) return false;
  return baseUrlSchema.safeParse(path.replaceAll('{item}', 'x')).success;
}

/** As in Standard Webhooks: 24 to 64 random bytes. */
const secret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, '`whsec_` and 24 to 64 random bytes in base64');

export const webhookCredentials = z.strictObject({
  secret: secret.describe('Signs what is sent: `whsec_` and the output of `openssl rand -base64 32`'),
  previous: secret.optional().describe('While `secret` takes its place: the one before, which signs too'),
});

export type WebhookCredentials = z.output<typeof webhookCredentials>;

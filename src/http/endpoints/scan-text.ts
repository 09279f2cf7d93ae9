import { z } from 'zod';
import { ENGINE } from '../../engine.js';
import { wordsOf, wordsShape } from '../../intake/item-draft.js';
import { countWords } from '../../scan/count-verdict.js';
import { lookAtWords } from '../../scan/words/look-at-words.js';
import { endpoint } from '../endpoint.js';
import { wordsSchema } from '../schemas.js';

export const scanText = endpoint({
  method: 'POST',
  url: '/v1/scan/text',
  scope: 'scan',
  quota: 'scan',
  summary: 'A text and links to one verdict',
  description:
    'Addresses are looked for in the text, with and without a scheme, and among the links. One that falls under an entry ' +
    'of a list of URLs is a `match`. Keywords are told in `review`: they are for people and never make a match. Without ' +
    'lists of URLs or keywords nothing is looked at, and the answer is `no-match` with `kind-not-covered`.',
  body: z
    .object({
      ...wordsShape,
      itemRef: z
        .string()
        .max(128)
        .optional()
        .describe('What refers to it on the platform, for webhooks and the record.'),
    })
    .strict()
    .meta({ examples: [{ text: 'see example.org/page', links: [{ url: 'https://example.org/', from: 'button' }] }] }),
  answer: wordsSchema.extend({
    scan: z.string().describe('Id of this verdict.'),
    engine: z.string(),
    appliedSeq: z.number().int(),
  }),
  handle: async ({ body, principal, signal, services }) => {
    const { lists, metrics, intake } = services;
    const { text = null, links = [], itemRef } = body;
    const found = await lookAtWords(lists, wordsOf({ text, links, media: [] }), signal);
    if (found !== undefined) countWords(metrics, found);
    const { appliedSeq, ...verdict } = found ?? notCovered(lists.appliedSeq);
    const scan = await intake.scanVerdicts.keepWords(found, { by: principal.id, itemRef, appliedSeq });
    return { scan, ...verdict, ms: Math.round(verdict.ms * 10) / 10, engine: ENGINE, appliedSeq };
  },
});

/** There is no list of such, so that nothing was looked at. */
function notCovered(appliedSeq: number) {
  const nothing = { links: [], linksTotal: 0, review: [], reviewTotal: 0, ms: 0 };
  return { verdict: 'no-match' as const, reason: 'kind-not-covered', ...nothing, appliedSeq };
}

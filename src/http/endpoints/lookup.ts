import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { lookUpSignals } from '../../scan/look-up-signals.js';
import { whileCurrent } from '../../scan/while-current.js';
import { endpoint } from '../endpoint.js';
import { hideDetail } from '../match-detail.js';
import { matchSchema, signalTypeSchema } from '../schemas.js';

export const lookup = endpoint({
  method: 'POST',
  url: '/v1/lookup',
  scope: 'lookup',
  quota: 'lookup',
  summary: 'Look up signals',
  description:
    'For callers that hash by themselves. The answers stand in the order of the signals. `listVersion` is the sequence ' +
    'of list changes that was in force: it grows whenever any list changes.',
  body: z.object({
    signals: z
      .array(z.object({ type: signalTypeSchema, value: z.string().max(1_024) }))
      .min(1)
      .max(1_000),
    threshold: z.number().int().min(0).max(128).optional().describe('Greatest PDQ distance that counts; 31 if absent.'),
    limit: z.number().int().min(1).max(1_000).default(20),
  }),
  answer: z.object({
    results: z.array(
      z.object({
        matches: z.array(matchSchema),
        withoutEffect: z.array(matchSchema).describe('What was found and makes no match.'),
        total: z.number().int(),
        truncated: z.boolean(),
      }),
    ),
    listVersion: z.number().int(),
  }),
  handle: async ({ body, principal, signal, services }) => {
    const { lists } = services;
    services.rates.charge(principal, 'lookup', body.signals.length - 1);
    if (!lists.ready) throw new VigieError('index-not-loaded', { retryAfter: 2 });
    const [listVersion, results] = await whileCurrent(lists, async () => {
      const seq = lists.appliedSeq;
      const found = await lookUpSignals(lists, body.signals, {
        limit: body.limit,
        signal,
        showFingerprints: principal.scopes.has('entries:read'),
        ...(body.threshold === undefined ? {} : { threshold: body.threshold }),
      });
      return [seq, found] as const;
    });
    for (const { type } of body.signals) services.metrics.count('vigie_lookup_signals_total', { type });
    return {
      results: results.map(({ matches, withoutEffect, total, truncated }) => ({
        matches: matches.map((match) => hideDetail(match, principal)),
        withoutEffect: withoutEffect.map((match) => hideDetail(match, principal)),
        ...{ total, truncated },
      })),
      listVersion,
    };
  },
});

import type { Logger } from 'pino';
import type { Config } from './config.js';
import type { FetchFromPlatform } from './intake/intake-parts.js';
import type { SealedBlobStore } from './lists/sealed-blob-store.js';
import type { Metrics } from './metrics/metrics.js';
import type { GuardedClient } from './net/guarded-client.js';
import { ItemScoring } from './scoring/item-scoring.js';
import { type KeepScoreOptions, keepScore } from './scoring/keep-score.js';
import { Scorer } from './scoring/scorer.js';
import { raiseAttention, settleAttention } from './storage/attention/raise-attention.js';
import { TellInTurn } from './storage/attention/tell-in-turn.js';
import type { Keyring } from './storage/keyring.js';

export interface ScoringTools extends KeepScoreOptions {
  readonly client: GuardedClient;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly keyring: Keyring;
  readonly blobs: SealedBlobStore;
  readonly fetch: FetchFromPlatform;
}

/** Switches on that an outside scorer is asked about items that no list knows, and puts before people when it is away. */
export function openScoring(
  { url, key, version, timeoutMs, surfaces, kinds }: NonNullable<Config['scorer']>,
  tools: ScoringTools,
): Pick<ItemScoring, 'take' | 'close'> {
  const { client, metrics, logger, database, node } = tools;
  logger.warn('media of items that no list knows are sent to an outside scorer');
  const attention = { kind: 'scorer-away', cause: node } as const;
  const people = new TellInTurn(database, (error) => logger.warn({ err: error }, 'a scorer’s state could not be told'));
  const scorer = new Scorer({
    ...{ url, key, version, timeoutMs, client },
    onOpen: (error) =>
      people.tell((tx) => raiseAttention(tx, { ...attention, subject: `node:${node}`, detail: { node, error } })),
    onClose: () => people.tell((tx) => settleAttention(tx, attention, 'service')),
  });
  const keep = keepScore(tools);
  const scoring = new ItemScoring({
    ...tools,
    ...{ scorer, timeoutMs, surfaces, kinds },
    scored: (unknown, value) => keep(unknown, { value, scorer: version }),
    counted: (outcome) => metrics.count('vigie_scores_total', { outcome }),
    failed: (error) => logger.warn({ err: error }, 'the score of an item could not be kept'),
  });
  return {
    take: (unknown, release) => scoring.take(unknown, release),
    close: async () => {
      await scoring.close();
      await people.close();
    },
  };
}

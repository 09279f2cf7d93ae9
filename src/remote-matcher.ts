import type { Logger } from 'pino';
import type { Config } from './config.js';
import type { Metrics } from './metrics/metrics.js';
import type { GuardedClient } from './net/guarded-client.js';
import { ARACHNID, ArachnidMatcher } from './scan/remote/arachnid-matcher.js';
import type { RemoteMatcher } from './scan/remote/remote-matcher.js';
import { raiseAttention, settleAttention } from './storage/attention/raise-attention.js';
import { TellInTurn } from './storage/attention/tell-in-turn.js';
import type { Database } from './storage/database.js';

interface ArachnidTools {
  readonly client: GuardedClient;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly logger: Logger;
  readonly node: string;
}

/** Switches on that Project Arachnid is asked, says so, and puts before people when it does not answer. */
export function openArachnid(
  config: NonNullable<Config['arachnid']>,
  { client, metrics, database, logger, node }: ArachnidTools,
): RemoteMatcher {
  logger.warn('hashes of public pictures that no list knows go to a third party: Project Arachnid');
  const key = { kind: 'remote-matcher-away', cause: `${ARACHNID}/${node}` } as const;
  const people = new TellInTurn(database, (error) =>
    logger.warn({ err: error }, 'what a remote matcher does could not be told'),
  );
  const matcher = new ArachnidMatcher({
    ...config,
    client,
    counted: (outcome) => metrics.count('vigie_remote_hashes_total', { matcher: ARACHNID, outcome }),
    onOpen: (error) =>
      people.tell((tx) =>
        raiseAttention(tx, { ...key, subject: `node:${node}`, detail: { node, matcher: ARACHNID, error } }),
      ),
    onClose: () => people.tell((tx) => settleAttention(tx, key, 'service')),
  });
  return {
    name: matcher.name,
    ask: (hashes, signal) => matcher.ask(hashes, signal),
    close: async () => {
      await matcher.close();
      await people.close();
    },
  };
}

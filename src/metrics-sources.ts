import { VERSION } from './engine.js';
import type { MatchIndex } from './index/match-index.js';
import type { Lists } from './lists/lists.js';
import type { Sources } from './lists/sync/sources.js';
import type { MediaPool } from './media/pool.js';
import type { VideoPool } from './media/video/video-pool.js';
import type { Metrics } from './metrics/metrics.js';
import type { Database } from './storage/database.js';
import { inIndexOrder } from './storage/in-index-order.js';
import { type QueueFigures, queueFigures } from './storage/queue-figures.js';
import type { WorkDepth } from './storage/work/work-stream.js';

export interface MetricSources {
  readonly database: Database;
  readonly index: MatchIndex;
  readonly lists: Lists;
  readonly sources: Sources;
  readonly pool: MediaPool;
  readonly videos: VideoPool;
  /** How much the work stream holds; a count of now and then. */
  readonly depth: () => Promise<WorkDepth>;
  readonly readiness: () => { readonly ready: boolean };
}

/** However many look, the database is asked no more often. */
const QUEUES_MS = 5_000;

/** Registers who is asked for what, at each scrape. */
export function registerSources(
  metrics: Metrics,
  { database, index, lists, sources, pool, videos, depth, readiness }: MetricSources,
): void {
  metrics.collect({
    names: ['vigie_info', 'vigie_ready'],
    collect: (tell) => {
      tell('vigie_info', 1, { version: VERSION });
      tell('vigie_ready', readiness().ready ? 1 : 0);
    },
  });
  metrics.collect({
    names: [
      'vigie_index_entries',
      'vigie_index_bytes',
      'vigie_index_segments',
      'vigie_lists_troubled',
      'vigie_list_staleness_seconds',
      'vigie_applied_seq',
    ],
    collect: (tell) => {
      const { entries, dead, segments, bytes } = index.stats();
      tell('vigie_index_entries', entries - dead);
      tell('vigie_index_bytes', bytes);
      tell('vigie_index_segments', segments);
      const problems = lists.problems();
      const older = problems.filter(({ olderVersionMatches }) => olderVersionMatches).length;
      tell('vigie_lists_troubled', older, { state: 'older-searched' });
      tell('vigie_lists_troubled', problems.length - older, { state: 'not-searched' });
      tell('vigie_list_staleness_seconds', lists.staleness / 1_000);
      tell('vigie_applied_seq', lists.appliedSeq);
    },
  });
  metrics.collect({
    names: ['vigie_words_entries', 'vigie_words_bytes'],
    collect: (tell) => {
      for (const content of ['urls', 'keywords']) {
        const segments = lists.words.map(({ segment }) => segment).filter((each) => each.content === content);
        tell(
          'vigie_words_entries',
          segments.reduce((sum, { entries }) => sum + entries, 0),
          { content },
        );
        tell(
          'vigie_words_bytes',
          segments.reduce((sum, { bytes }) => sum + bytes, 0),
          { content },
        );
      }
    },
  });
  metrics.collect({
    names: ['vigie_decoders', 'vigie_decoder_restarts_total', 'vigie_decoder_waiting'],
    collect: (tell) => {
      for (const [of, decoders] of Object.entries({ pictures: pool, videos })) {
        tell('vigie_decoders', decoders.processes.length, { of });
        tell('vigie_decoder_restarts_total', decoders.restarts, { of });
        tell('vigie_decoder_waiting', decoders.waiting, { of });
      }
    },
  });
  metrics.collect({
    names: ['vigie_work_waiting'],
    collect: async (tell) => {
      const { live, backfill } = await depth();
      tell('vigie_work_waiting', live, { lane: 'live' });
      tell('vigie_work_waiting', backfill, { lane: 'backfill' });
    },
  });
  metrics.collect({
    names: ['vigie_source_state', 'vigie_source_quiet_seconds', 'vigie_source_set_aside_total'],
    collect: async (tell) => {
      for (const { name, kind, state, quietSeconds, counts } of await sources.ls()) {
        tell('vigie_source_state', 1, { source: name, kind, state });
        tell('vigie_source_quiet_seconds', quietSeconds, { source: name });
        tell('vigie_source_set_aside_total', counts.setAside, { source: name });
      }
    },
  });
  let known: { readonly until: number; readonly figures: Promise<QueueFigures> } | undefined;
  metrics.collect({
    names: [
      'vigie_work_oldest_seconds',
      'vigie_items_waiting',
      'vigie_outbox_effects',
      'vigie_outbox_oldest_seconds',
      'vigie_attention_open',
      'vigie_events_unsealed',
      'vigie_events_verified_timestamp_seconds',
      'vigie_events_faults',
      'vigie_nodes',
    ],
    collect: async (tell) => {
      if (known === undefined || known.until < performance.now()) {
        known = { until: performance.now() + QUEUES_MS, figures: inIndexOrder(database, (tx) => queueFigures(tx)) };
      }
      const { work, itemsWaiting, outbox, attention, eventsUnsealed, verified, nodes } = await known.figures;
      for (const lane of ['live', 'backfill']) {
        const found = work.find((each) => each.lane === lane);
        tell('vigie_work_oldest_seconds', found?.oldestSeconds ?? 0, { lane });
      }
      tell('vigie_items_waiting', itemsWaiting);
      for (const state of ['pending', 'exhausted']) {
        const found = outbox.find((each) => each.state === state);
        tell('vigie_outbox_effects', found?.count ?? 0, { state });
        if (state === 'pending') tell('vigie_outbox_oldest_seconds', found?.oldestSeconds ?? 0);
      }
      for (const { kind, count } of attention) tell('vigie_attention_open', count, { kind });
      tell('vigie_events_unsealed', eventsUnsealed);
      for (const { part, at, faults } of verified) {
        tell('vigie_events_verified_timestamp_seconds', at, { part });
        tell('vigie_events_faults', faults, { part });
      }
      for (const { role, ready, count } of nodes) tell('vigie_nodes', count, { role, ready: String(ready) });
    },
  });
}

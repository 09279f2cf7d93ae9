/**
 * Every figure that the service tells of itself, in one table. The page docs/metrics.md is made from it (`npm run docs`),
 * and a test keeps the two equal. A label never holds an id, an address, an account or an entry: its values are few, and
 * known beforehand; the name of a list is the most that it says.
 */
export interface MetricKind {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly unit?: 'seconds' | 'bytes';
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const define = <T extends Record<string, MetricKind>>(table: T): T => table;

const FAST = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const METRICS = define({
  vigie_info: { type: 'gauge', help: 'Always 1; the version that runs.', labels: ['version'] },
  vigie_ready: { type: 'gauge', help: '1 while verdicts can be given, as /readyz says.', labels: [] },

  vigie_verdicts_total: {
    type: 'counter',
    help: 'Verdicts that were given. The reason of could-not-tell is the code of its error.',
    labels: ['verdict', 'reason', 'surface'],
  },
  vigie_words_total: {
    type: 'counter',
    help: 'Verdicts on texts and links; review: keywords were found, which is for people.',
    labels: ['verdict', 'review'],
  },
  vigie_scan_stage_seconds: {
    type: 'histogram',
    help: 'Time that a stage of a scan took.',
    labels: ['stage'],
    unit: 'seconds',
    buckets: FAST,
  },
  vigie_matches_without_effect_total: {
    type: 'counter',
    help: 'Entries that were found and counted for nothing: shadow, as their list is tried out; overruled, by known good.',
    labels: ['why'],
  },
  vigie_entries_quarantined_total: {
    type: 'counter',
    help: 'Entries that matched so many different media that this process has silenced them.',
    labels: [],
  },
  vigie_remote_hashes_total: {
    type: 'counter',
    help: 'Hashes of unknown public pictures for a remote matcher; dropped: never sent; late: not waited for.',
    labels: ['matcher', 'outcome'],
  },
  vigie_scores_total: {
    type: 'counter',
    help: 'Items that no list knows, for an outside scorer; dropped: not asked about; late: not waited for.',
    labels: ['outcome'],
  },
  vigie_lookup_signals_total: {
    type: 'counter',
    help: 'Signals that were looked up through the API.',
    labels: ['type'],
  },

  vigie_index_entries: { type: 'gauge', help: 'Entries that are searched.', labels: [] },
  vigie_index_bytes: { type: 'gauge', help: 'Memory of the index.', labels: [], unit: 'bytes' },
  vigie_index_segments: { type: 'gauge', help: 'Segments that are searched.', labels: [] },
  vigie_words_entries: {
    type: 'gauge',
    help: 'Entries of lists of URLs and keywords that are in memory.',
    labels: ['content'],
  },
  vigie_words_bytes: {
    type: 'gauge',
    help: 'Memory of lists of URLs and keywords.',
    labels: ['content'],
    unit: 'bytes',
  },
  vigie_lists_troubled: {
    type: 'gauge',
    help: 'Lists of which the newest version could not be loaded; not-searched: no older one is either.',
    labels: ['state'],
  },
  vigie_list_staleness_seconds: {
    type: 'gauge',
    help: 'Since this process last heard of changes of lists. Above 5 it is not ready.',
    labels: [],
    unit: 'seconds',
  },
  vigie_applied_seq: { type: 'gauge', help: 'The newest change of a list that has taken effect here.', labels: [] },

  vigie_decoders: { type: 'gauge', help: 'Decoder processes, of pictures and of videos.', labels: ['of'] },
  vigie_decoder_restarts_total: {
    type: 'counter',
    help: 'Decoders that died or were ended, and replaced.',
    labels: ['of'],
  },
  vigie_decoder_waiting: { type: 'gauge', help: 'Media that wait for a decoder.', labels: ['of'] },

  vigie_http_requests_total: {
    type: 'counter',
    help: 'Requests by the template of their route (`none`: no route) and status.',
    labels: ['route', 'method', 'status'],
  },
  vigie_http_request_seconds: {
    type: 'histogram',
    help: 'Time from the head of a request to the end of its answer.',
    labels: ['route', 'method'],
    unit: 'seconds',
    buckets: FAST,
  },

  vigie_actions_total: {
    type: 'counter',
    help: 'Acts on platforms by how they ended here: confirmed, already (it was so before), dry-run, held, dropped, failed.',
    labels: ['act', 'end', 'platform'],
  },
  vigie_time_to_act_seconds: {
    type: 'histogram',
    help: 'Of acts that a platform confirmed: from seen to fetched, verdict, order and confirmation, and the whole way.',
    labels: ['stage', 'platform'],
    unit: 'seconds',
    buckets: FAST,
  },
  vigie_publication_answers_total: {
    type: 'counter',
    help: 'Answers to platforms that ask before they publish: allow, refuse, unsure (it could not be told in time).',
    labels: ['platform', 'answer'],
  },
  vigie_actions_open: {
    type: 'gauge',
    help: 'Acts that are not at their end: of all states together, the oldest 100,000 are counted.',
    labels: ['state'],
  },
  vigie_cases_open: { type: 'gauge', help: 'Cases that wait for a decision, counted up to 100,000.', labels: [] },

  vigie_retro_runs: {
    type: 'gauge',
    help: 'Changes of lists that this node has yet to try against what it has seen, or tries now.',
    labels: [],
  },
  vigie_retro_records_total: {
    type: 'counter',
    help: 'Seen records that new entries were tried against, since the start.',
    labels: [],
  },
  vigie_retro_finds_total: {
    type: 'counter',
    help: 'Media that were found to match entries that came later, since the start. `held`: written down, not told one by one.',
    labels: ['outcome'],
  },

  vigie_work_waiting: {
    type: 'gauge',
    help: 'Items in the work stream; of a long table, as it was counted last.',
    labels: ['lane'],
  },
  vigie_work_oldest_seconds: {
    type: 'gauge',
    help: 'Age of the oldest of the next thousand in the table of work.',
    labels: ['lane'],
    unit: 'seconds',
  },
  vigie_items_waiting: {
    type: 'gauge',
    help: 'Items that were accepted and have no verdict yet, counted up to 100,000.',
    labels: [],
  },
  vigie_outbox_effects: {
    type: 'gauge',
    help: 'Effects that are not delivered, by state, counted up to 100,000 each.',
    labels: ['state'],
  },
  vigie_outbox_oldest_seconds: {
    type: 'gauge',
    help: 'Age of the oldest pending effect.',
    labels: [],
    unit: 'seconds',
  },
  vigie_attention_open: { type: 'gauge', help: 'What needs somebody, by kind.', labels: ['kind'] },
  vigie_events_unsealed: {
    type: 'gauge',
    help: 'Events that no batch has sealed yet, counted up to 100,000.',
    labels: [],
  },
  vigie_events_verified_timestamp_seconds: {
    type: 'gauge',
    help: 'When the record of events was last verified, in Unix time: what was new (each hour), or the whole.',
    labels: ['part'],
    unit: 'seconds',
  },
  vigie_events_faults: { type: 'gauge', help: 'What did not fit then, and is an attention.', labels: ['part'] },
  vigie_source_state: {
    type: 'gauge',
    help: '1 for the state that each source of a list is in.',
    labels: ['source', 'kind', 'state'],
  },
  vigie_source_quiet_seconds: {
    type: 'gauge',
    help: 'Time since a source last told something new, or was added.',
    labels: ['source'],
    unit: 'seconds',
  },
  vigie_source_set_aside_total: {
    type: 'counter',
    help: 'Records of a source that could not be used.',
    labels: ['source'],
  },
  vigie_nodes: { type: 'gauge', help: 'Processes that were seen in the last minute.', labels: ['role', 'ready'] },
  vigie_collect_failures_total: {
    type: 'counter',
    help: 'Figures of the last rows that could not be had, such as while the database does not answer; they are absent then.',
    labels: [],
  },
});

export type MetricName = keyof typeof METRICS;
export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

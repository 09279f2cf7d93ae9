/** Every kind of thing that needs somebody, once. */

interface KindOfAttention {
  /** What is the matter, for people. */
  readonly title: string;
  /** So long somebody may take, in milliseconds. */
  readonly dueInMs: number;
  /** When the alarm sinks are told: as soon as it is raised, or only when nobody has dealt with it in time. */
  readonly alarms: 'at-once' | 'when-overdue';
}

const HOUR = 3_600_000;

const define = <T extends Record<string, KindOfAttention>>(table: T): { readonly [K in keyof T]: KindOfAttention } =>
  table;

export const ATTENTION_KINDS = define({
  'could-not-tell': { title: 'Items could not be looked at', dueInMs: 24 * HOUR, alarms: 'when-overdue' },
  'review-proposed': { title: 'Keywords of a list were found', dueInMs: 72 * HOUR, alarms: 'when-overdue' },
  'source-stale': { title: 'A source of a list gives nothing new', dueInMs: 8 * HOUR, alarms: 'at-once' },
  'entry-doubted': { title: 'Members doubt an entry that we publish', dueInMs: 24 * HOUR, alarms: 'when-overdue' },
  'source-refused': { title: 'A source of a list refuses us', dueInMs: 8 * HOUR, alarms: 'at-once' },
  'source-held': { title: 'A source would remove much of its list', dueInMs: 8 * HOUR, alarms: 'at-once' },
  'entry-flood': { title: 'An entry matched so many media that it was silenced', dueInMs: HOUR, alarms: 'at-once' },
  'effect-exhausted': { title: 'Effects could not be delivered', dueInMs: 8 * HOUR, alarms: 'at-once' },
  'decoders-lost': { title: 'Decoders are missing or die', dueInMs: HOUR, alarms: 'at-once' },
  'assertion-failed': { title: 'Something does not hold that must', dueInMs: 4 * HOUR, alarms: 'at-once' },
  'node-stale': { title: 'A node does not hear of changes', dueInMs: HOUR, alarms: 'at-once' },
  'index-incomplete': { title: 'A list is not searched', dueInMs: HOUR, alarms: 'at-once' },
  'work-backlog': { title: 'More work waits than is done', dueInMs: 2 * HOUR, alarms: 'at-once' },
  'disk-low': { title: 'The disk is nearly full', dueInMs: 2 * HOUR, alarms: 'at-once' },
  'audit-damaged': { title: 'The record of events does not verify', dueInMs: HOUR, alarms: 'at-once' },
  'events-unsealed': { title: 'Events are not sealed', dueInMs: 4 * HOUR, alarms: 'at-once' },
  'proposal-waits': {
    title: 'Proposals for a list wait for a second person',
    dueInMs: 72 * HOUR,
    alarms: 'when-overdue',
  },
  'matched-later': { title: 'Earlier media match new entries', dueInMs: 8 * HOUR, alarms: 'at-once' },
  'seen-damaged': { title: 'Seen records are damaged', dueInMs: 24 * HOUR, alarms: 'at-once' },
  'retro-stuck': { title: 'New entries are not tried against what was seen', dueInMs: 8 * HOUR, alarms: 'at-once' },
  'remote-matcher-away': {
    title: 'A remote matcher does not answer',
    dueInMs: 24 * HOUR,
    alarms: 'when-overdue',
  },
  'scorer-away': { title: 'The scorer does not answer', dueInMs: 24 * HOUR, alarms: 'when-overdue' },
  'action-failed': { title: 'A platform did not do what was ordered', dueInMs: HOUR, alarms: 'at-once' },
  'actions-wait': { title: 'Orders for a platform are not delivered', dueInMs: HOUR, alarms: 'at-once' },
  'action-dropped': {
    title: 'Orders were dropped, as the entry that they rested on is doubted',
    dueInMs: 24 * HOUR,
    alarms: 'when-overdue',
  },
  'acted-on-withdrawn': {
    title: 'Something was removed for an entry that was withdrawn or is disputed',
    dueInMs: 8 * HOUR,
    alarms: 'at-once',
  },
  'removal-rate': { title: 'Unusually many removals', dueInMs: HOUR, alarms: 'at-once' },
  'actions-held': { title: 'Acts wait for a person', dueInMs: 8 * HOUR, alarms: 'when-overdue' },
  'enforcement-stopped': { title: 'Enforcement is stopped', dueInMs: 4 * HOUR, alarms: 'when-overdue' },
  'evidence-not-sealed': { title: 'Evidence could not be sealed', dueInMs: 4 * HOUR, alarms: 'at-once' },
  'platform-refused': { title: 'A platform refuses us', dueInMs: HOUR, alarms: 'at-once' },
  'platform-away': { title: 'A platform cannot be reached', dueInMs: HOUR, alarms: 'at-once' },
  'platform-trouble': { title: 'A platform needs its operator', dueInMs: 24 * HOUR, alarms: 'when-overdue' },
  'clock-off': { title: 'The clock is wrong', dueInMs: 8 * HOUR, alarms: 'at-once' },
});

export type AttentionKind = keyof typeof ATTENTION_KINDS;

export const ALL_ATTENTION_KINDS = Object.keys(ATTENTION_KINDS) as readonly AttentionKind[];

/** Kinds whose alarm is given when they are raised. */
export const ALARMING_KINDS = ALL_ATTENTION_KINDS.filter((kind) => ATTENTION_KINDS[kind].alarms === 'at-once');

import type { AttentionKind } from '../storage/attention/attention-kinds.js';

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly backlog: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What to run first about each kind; a look comes before an act. */
const FIRST_LOOK: Readonly<Record<AttentionKind, string>> = {
  'could-not-tell': 'vigie doctor',
  'entry-doubted': 'vigie list show',
  'review-proposed': 'vigie audit events --kind item.review-proposed',
  'source-stale': 'vigie source ls',
  'source-refused': 'vigie source ls',
  'source-held': 'vigie source ls, then vigie source approve or refuse',
  'entry-flood': 'vigie list rules <list>',
  'effect-exhausted': 'vigie effects ls --state exhausted',
  'decoders-lost': 'vigie doctor',
  'assertion-failed': 'vigie doctor',
  'node-stale': 'vigie doctor (on that node)',
  'index-incomplete': 'vigie list ls',
  'work-backlog': 'vigie doctor; start more of `vigie worker`',
  'disk-low': 'vigie doctor',
  'audit-damaged': 'vigie audit verify',
  'events-unsealed': 'vigie doctor',
  'proposal-waits': 'vigie entry proposals',
  'matched-later': 'vigie retro finds',
  'seen-damaged': 'vigie retro ls',
  'retro-stuck': 'vigie retro ls',
  'remote-matcher-away': 'vigie attention show <id>; its credentials and address',
  'scorer-away': 'vigie attention show <id>; the scorer, its key and its version',
  'action-failed': 'vigie action ls --state failed, then vigie action retry or give-up',
  'actions-wait': 'vigie platform ls',
  'action-dropped': 'vigie action ls --state dropped',
  'acted-on-withdrawn': 'vigie action undo --list <list> --entry <entry> --reason …',
  'removal-rate': 'vigie action ls; in doubt vigie stop --reason …',
  'actions-held': 'vigie action ls --state proposed, then vigie action approve or refuse',
  'enforcement-stopped': 'vigie stop --list, then vigie stop --lift',
  'evidence-not-sealed': 'vigie doctor',
  'platform-refused': 'vigie platform ls, then vigie platform test <name>',
  'platform-away': 'vigie platform ls, then vigie platform test <name>',
  'platform-trouble': 'vigie attention show <id>: the room, and what is missing there',
  'clock-off': 'vigie doctor',
};

/** The command to run next about an attention; empty when it is resolved. */
export function nextStep({ id, kind, state, backlog, detail }: Shown): string {
  if (state === 'resolved') return '';
  const look = Object.hasOwn(FIRST_LOOK, kind) ? FIRST_LOOK[kind as AttentionKind] : 'vigie doctor';
  const effect = ownId(detail['effect']);
  if (kind === 'effect-exhausted' && effect !== undefined) {
    return `vigie effects retry ${effect}; or vigie effects give-up ${effect} --reason …; others: ${look}`;
  }
  const [list, entry] = [ownId(detail['list']), ownId(detail['entry'])];
  if (kind === 'entry-flood' && list !== undefined && entry !== undefined) {
    return `look at the entry; is it right, vigie list restore ${list} ${entry} --reason …; else vigie attention resolve ${id}`;
  }
  if (backlog > 0) return `vigie attention replay ${id} (when the cause is gone: ${look})`;
  return `${look}; then vigie attention resolve ${id}`;
}

function ownId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : undefined;
}

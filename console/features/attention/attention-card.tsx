import { useMutation } from '@tanstack/react-query';
import { acknowledgeAttention, replayAttention, resolveAttention } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshAttention } from '../../api/queries.js';
import type { Attention } from '../../api/types.js';
import { counted, dateAndTime } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Facts } from '../../ui/facts.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Tag } from '../../ui/tag.js';
import { EntryButton } from '../curation/entry-button.js';
import { NextStep } from './next-step.js';

/** These name their list by its id and not by its name. */
const BY_ID: ReadonlySet<string> = new Set(['acted-on-withdrawn', 'action-dropped', 'removal-rate']);

/** The entry that it is about, where it is about one that can be looked at. */
function entryOf({
  kind,
  detail: { list, entry },
}: Attention): { readonly list: string; readonly entry: string } | undefined {
  return typeof list === 'string' && typeof entry === 'string' && !BY_ID.has(kind) ? { list, entry } : undefined;
}

/** Lists by the name that people know. */
function aboutOf({ kind, subject, detail: { list, entry: id } }: Attention, entry: ReturnType<typeof entryOf>): string {
  if (entry !== undefined) return `an entry of ${entry.list}`;
  if (BY_ID.has(kind)) return typeof id === 'string' ? `entry ${id}` : subject;
  return typeof list === 'string' ? `list ${list}` : subject;
}

interface AttentionCardProps {
  readonly attention: Attention;
  readonly mayAct: boolean;
}

const ACTS = { acknowledge: acknowledgeAttention, resolve: resolveAttention, replay: replayAttention } as const;

/** One thing that needs somebody, and what can be done about it. */
export function AttentionCard({ attention, mayAct }: AttentionCardProps) {
  const { id, title, state, count, backlog, due, overdue, last, note } = attention;
  const entry = entryOf(attention);
  const { mutate, isPending, error } = useMutation({
    mutationFn: async (act: keyof typeof ACTS) => void (await ACTS[act](id)),
    onError: (thrown) => noticeProblem(ApiProblem.from(thrown)),
    onSettled: refreshAttention,
  });
  return (
    <li className="rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 font-semibold">{title}</h3>
        <span className="flex gap-1.5 sm:ml-auto">
          {state === 'acknowledged' && <Tag tone="accent">Seen</Tag>}
          {overdue && <Tag tone="match">Overdue</Tag>}
        </span>
      </div>
      <div className="mt-3">
        <Facts
          facts={[
            ['About', aboutOf(attention, entry)],
            ['Due', dateAndTime(due)],
            ['Last', `${dateAndTime(last)}, ${counted(count, 'time')}`],
            ...(backlog === 0 ? [] : [['Waiting', counted(backlog, 'item')] as const]),
            ...(note === null ? [] : [['Note', note] as const]),
          ]}
        />
      </div>
      {error !== null && (
        <div className="mt-3">
          <ProblemNote problem={ApiProblem.from(error)} />
        </div>
      )}
      {entry !== undefined && (
        <div className="mt-3 empty:hidden">
          <EntryButton {...entry} />
        </div>
      )}
      <div className="mt-3 empty:hidden">
        <NextStep attention={attention} />
      </div>
      {mayAct && (
        <div className="mt-3 flex flex-wrap gap-2">
          {state === 'open' && (
            <Button size="small" disabled={isPending} onClick={() => mutate('acknowledge')}>
              Acknowledge
            </Button>
          )}
          {backlog > 0 ? (
            <Button size="small" disabled={isPending} onClick={() => mutate('replay')}>
              Look at them again
            </Button>
          ) : (
            <Button size="small" disabled={isPending} onClick={() => mutate('resolve')}>
              Resolve
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

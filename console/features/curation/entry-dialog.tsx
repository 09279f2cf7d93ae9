import { useQuery } from '@tanstack/react-query';
import { getEntry, type ShownEntry } from '../../api/curation.js';
import { ApiProblem } from '../../api/problem.js';
import { date, dateAndTime } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { Facts } from '../../ui/facts.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Tag } from '../../ui/tag.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { ORIGIN_WORDS, STATUS_WORDS } from './curation-words.js';
import { EntryActs } from './entry-acts.js';
import { SignalValues } from './signal-values.js';

interface EntryDialogProps {
  readonly list: string;
  readonly entry: string;
  readonly onClose: () => void;
}

/** One entry: what it holds, what members and others say of it, and what can be done about it. */
export function EntryDialog({ list, entry, onClose }: EntryDialogProps) {
  const mayChange = useScope('entries:write');
  const { data: shown, error } = useQuery({
    queryKey: ['entry', list, entry],
    queryFn: ({ signal }) => getEntry(list, entry, signal),
    // Each look is recorded: one is enough.
    ...{ staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false },
  });
  return (
    <Dialog open onOpenChange={onClose} title={`Entry of ${list}`} description="That you looked at it is recorded.">
      <div className="space-y-4 px-6 pt-4 last:pb-6">
        {shown === undefined && error === null && <p role="status">The entry is being fetched …</p>}
        {error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
        {shown !== undefined && <About shown={shown} />}
      </div>
      {shown !== undefined && mayChange && (
        <DialogActions>
          <EntryActs list={list} shown={shown} onProposed={onClose} />
        </DialogActions>
      )}
    </Dialog>
  );
}

function About({ shown }: { readonly shown: ShownEntry }) {
  const { id, grade, kind, text, added, comment, until, member, opinions, status, statuses, signals } = shown;
  const who = useWho();
  const { words, tone } = STATUS_WORDS[status];
  return (
    <>
      <Facts
        facts={[
          [
            'Entry',
            <code key="id" className="select-all break-all font-mono">
              {id}
            </code>,
          ],
          [
            'State',
            <Tag key="state" tone={tone}>
              {words}
            </Tag>,
          ],
          ['Grade', grade ?? 'none'],
          ...(kind === null ? [] : [['Kind', kind] as const]),
          ...(text === null
            ? []
            : [
                [
                  'Text',
                  <code key="text" className="break-all font-mono">
                    {text}
                  </code>,
                ] as const,
              ]),
          ...(added === null ? [] : [['Added', date(added)] as const]),
          ...(until === null ? [] : [['Ends', dateAndTime(until)] as const]),
          ...(member === null ? [] : [['From', member] as const]),
          ...(comment === null ? [] : [['Comment', comment] as const]),
        ]}
      />
      {signals.length > 0 && (
        <SignalValues signals={signals.map((each) => ({ ...each, name: signalName(each.type) }))} />
      )}
      {statuses.length > 0 && (
        <div>
          <h3 className="mb-1.5 font-medium">What was said of it</h3>
          <ul className="space-y-2 text-xs">
            {statuses.map(({ origin, status: said, reason, by, at }) => (
              <li key={origin}>
                <span className="font-medium">{STATUS_WORDS[said].words}</span>
                <span className="text-ink-2">: {reason ?? 'no reason given'}</span>
                <span className="block text-ink-3">
                  by {by === null ? ORIGIN_WORDS[origin] : who(by)}, {dateAndTime(at)}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {opinions.length > 0 && (
        <div>
          <h3 className="mb-1.5 font-medium">What members think</h3>
          <ul className="flex flex-wrap gap-1.5">
            {opinions.map(({ member: name, affirmative }) => (
              <li key={name}>
                <Tag tone={affirmative ? 'neutral' : 'unsure'}>
                  {name}: {affirmative ? 'for it' : 'against it'}
                </Tag>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

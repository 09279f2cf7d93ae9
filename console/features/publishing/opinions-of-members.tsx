import { useQuery } from '@tanstack/react-query';
import { opinionsQuery } from '../../api/queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { Fetched } from '../../ui/fetched.js';
import { Tag } from '../../ui/tag.js';
import { EntryButton } from '../curation/entry-button.js';

/** What members said last of the entries of a list. */
export function OpinionsOfMembers({ list }: { readonly list: string }) {
  return (
    <Fetched
      query={useQuery(opinionsQuery(list))}
      waiting="What members fed back is being fetched …"
      empty="No member has said anything of an entry yet."
    >
      {(opinions) => (
        <ul
          className="divide-y divide-line rounded-lg border border-line"
          aria-label={`What members fed back on ${list}`}
        >
          {opinions.map(({ entry, member, opinion, signal, reason, at }) => (
            <li key={`${entry}/${member}`} className="flex flex-wrap items-center gap-x-3 gap-y-2 p-3 text-xs">
              <div className="min-w-0 flex-1 basis-56">
                <p className="flex flex-wrap items-center gap-1.5">
                  <code className="min-w-0 break-all font-mono">{entry}</code>
                  <Tag tone={opinion === 'refuted' ? 'unsure' : 'neutral'}>
                    {opinion === 'refuted' ? 'Refuted' : 'Confirmed'}
                  </Tag>
                </p>
                {reason !== null && <p className="mt-1 text-ink-2">{reason}</p>}
                <p className="mt-1 text-ink-3">
                  by {member}, {dateAndTime(at)}, from {signalName(signal)}
                </p>
              </div>
              <EntryButton list={list} entry={entry} />
            </li>
          ))}
        </ul>
      )}
    </Fetched>
  );
}

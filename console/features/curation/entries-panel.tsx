import { useQuery } from '@tanstack/react-query';
import type { StatusOfEntry } from '../../api/curation.js';
import { entryStatusesQuery } from '../../api/queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { Tag } from '../../ui/tag.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { ORIGIN_WORDS, STATUS_WORDS } from './curation-words.js';
import { EntryButton } from './entry-button.js';
import { FindEntry } from './find-entry.js';

/** What was said of entries: silenced by a flood, doubted, withdrawn, restored. */
export function EntriesPanel() {
  const query = useQuery(entryStatusesQuery);
  const mayRead = useScope('entries:read');
  return (
    <section aria-labelledby="entries-title">
      <PanelHead id="entries-title" title="Entries">
        {mayRead && <FindEntry />}
      </PanelHead>
      <p className="mb-3 max-w-prose text-ink-2">
        Entries that were withdrawn or doubted, or that matched so many different media that they were silenced. What a
        source withdraws is not told here.
      </p>
      <Fetched
        query={query}
        waiting="What was said of entries is being fetched …"
        empty="Nobody has withdrawn or doubted an entry, and none was silenced."
      >
        {(statuses) => (
          <ul
            className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card"
            aria-label="Entries"
          >
            {statuses.map((each) => (
              <Row key={`${each.list}/${each.entry}/${each.origin}`} said={each} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}

function Row({ said: { list, entry, origin, status, reason, by, at } }: { readonly said: StatusOfEntry }) {
  const who = useWho();
  const { words, tone } = STATUS_WORDS[status];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-2">
          <code className="min-w-0 break-all font-mono text-xs">{entry}</code>
          <span className="break-all text-ink-3 text-xs">{list}</span>
          <Tag tone={tone}>{status === 'active' && origin !== 'person' ? 'Restored' : words}</Tag>
        </p>
        <p className="mt-1 text-ink-2 text-xs">
          {reason ?? 'No reason given'}{' '}
          <span className="text-ink-3">
            · by {by === null ? ORIGIN_WORDS[origin] : who(by)}, {dateAndTime(at)}
          </span>
        </p>
      </div>
      <EntryButton list={list} entry={entry} />
    </li>
  );
}

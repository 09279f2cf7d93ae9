import { useQuery } from '@tanstack/react-query';
import { retroFindsQuery } from '../../api/queries.js';
import type { RetroFind } from '../../api/retro.js';
import { dateAndTime } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { Facts } from '../../ui/facts.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { Tag } from '../../ui/tag.js';
import { EntryButton } from '../curation/entry-button.js';
import { OUTCOMES, placeInWords } from './retro-words.js';

/** Media that were looked at before and match entries that came later; never the media themselves. */
export function FindsPanel() {
  return (
    <section aria-labelledby="finds-title">
      <PanelHead id="finds-title" title="Finds among earlier media" />
      <p className="mb-3 max-w-prose text-ink-2">
        Every new entry is tried against the hashes of what was looked at before. The media are gone by then: a find
        says where to look again.
      </p>
      <Fetched
        query={useQuery(retroFindsQuery)}
        waiting="The finds are being fetched …"
        empty="No earlier medium matches an entry that came later."
      >
        {(finds) => (
          <ul className="grid gap-3 xl:grid-cols-2" aria-label="Finds">
            {finds.map((find) => (
              <FindCard key={find.id} find={find} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}

function FindCard({ find }: { readonly find: RetroFind }) {
  const { list, version, entry, outcome, match, seen, found } = find;
  const { words, tone } = OUTCOMES[outcome];
  const { signal, distance, grade, extent } = match;
  const near = distance === undefined || distance === 0 ? '' : `, distance ${distance}`;
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 break-all font-semibold">{placeInWords(find)}</h3>
        <span className="flex flex-wrap gap-1.5 sm:ml-auto">
          {extent === 'partial' && <Tag tone="unsure">Partial: for people</Tag>}
          <Tag tone={tone}>{words}</Tag>
        </span>
      </div>
      <Facts
        facts={[
          ['List', `${list}, version ${version}`],
          [
            'Entry',
            <code key="entry" className="break-all font-mono">
              {entry}
            </code>,
          ],
          ['Grade', grade ?? 'none'],
          ...(signal === undefined ? [] : [['Signal', signalName(signal) + near] as const]),
          ['Looked at', dateAndTime(seen)],
          ['Found', dateAndTime(found)],
        ]}
      />
      <EntryButton list={list} entry={entry} />
    </li>
  );
}

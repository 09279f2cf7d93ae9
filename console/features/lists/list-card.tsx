import type { HashList } from '../../api/types.js';
import { count, counted, date } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { Button } from '../../ui/button.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Facts } from '../../ui/facts.js';
import { Tag } from '../../ui/tag.js';
import { judgedInWords } from './judged-words.js';
import { ListRulesButton } from './list-rules-button.js';
import { ListState } from './list-state.js';
import { ListVersions } from './list-versions.js';
import { RemoveList } from './remove-list.js';

interface ListCardProps {
  readonly list: HashList;
  readonly mayChange: boolean;
  readonly onNewVersion: () => void;
}

/** One list: what it holds, whether it is in force, and what can be done with it. */
export function ListCard({ list, mayChange, onNewVersion }: ListCardProps) {
  const { name, version, entries, withdrawn, signals, grades, state, sample } = list;
  const judged = judgedInWords(list.judged);
  return (
    <li className="rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 break-all font-semibold">{name}</h3>
        {version !== null && <span className="text-ink-3 text-xs">version {version}</span>}
      </div>
      <div className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <p>
          <span className="font-semibold text-xl tracking-tight">{count(entries)}</span>{' '}
          <span className="text-ink-2">{entries === 1 ? 'entry' : 'entries'}</span>
          {withdrawn > 0 && <span className="text-ink-3"> · {count(withdrawn)} withdrawn</span>}
        </p>
        <span className="flex flex-wrap gap-1.5 sm:ml-auto">
          {sample && <Tag tone="accent">Generated pictures</Tag>}
          {list.content !== 'media' && <Tag>{list.content === 'urls' ? 'Addresses' : 'Keywords'}</Tag>}
          {list.role === 'allow' && <Tag>Allow list</Tag>}
          {list.shadow && <Tag tone="unsure">Shadow</Tag>}
          {list.approval === 'two-person' && <Tag>Two persons</Tag>}
          <ListState state={state} />
        </span>
      </div>
      <div className="mt-3">
        <Facts
          facts={[
            list.content === 'media'
              ? ['Signals', Object.keys(signals).length === 0 ? 'none' : <Signals key="signals" signals={signals} />]
              : ['Effect', EFFECTS[list.content]],
            ['Grades', gradesInWords(grades)],
            ...(judged === '' ? [] : [['Judged', judged] as const]),
            ...(list.expires === null ? [] : [['Expires', date(list.expires)] as const]),
            ...(list.source === null ? [] : [['Source', list.source] as const]),
            ...(list.licence === null ? [] : [['Licence', list.licence] as const]),
          ]}
        />
      </div>
      <div className="mt-3">
        <Disclosure summary={<>Versions{mayChange && ' and changes'}</>}>
          <ListVersions list={list} mayChange={mayChange} />
          {mayChange && (
            <div className="mt-3 flex flex-wrap gap-2">
              <Button size="small" onClick={onNewVersion}>
                Load a new version
              </Button>
              <ListRulesButton list={list.name} />
              <RemoveList list={list} />
            </div>
          )}
        </Disclosure>
      </div>
    </li>
  );
}

const EFFECTS = {
  urls: 'an address in a text is a match',
  keywords: 'a person is asked to look; never a match',
} as const;

function Signals({ signals }: Pick<HashList, 'signals'>) {
  return (
    <ul className="flex flex-wrap gap-x-3">
      {Object.entries(signals).map(([type, { values, active }]) => (
        <li
          key={type}
          className="whitespace-nowrap"
          title={active < values ? `${count(values - active)} do not match: too little quality` : undefined}
        >
          {signalName(type)} <span className="text-ink">{count(active)}</span>
          {active < values && <span className="text-ink-3"> of {count(values)}</span>}
        </li>
      ))}
    </ul>
  );
}

const GRADES_SHOWN = 6;

function gradesInWords(grades: HashList['grades']): string {
  const rows = Object.entries(grades).sort(([a], [b]) => a.localeCompare(b, 'en'));
  if (rows.length === 0) return 'none';
  const shown = rows.slice(0, GRADES_SHOWN).map(([grade, n]) => `${grade === '' ? 'ungraded' : grade} ${count(n)}`);
  const more = rows.length - shown.length;
  return shown.join(' · ') + (more > 0 ? ` and ${counted(more, 'more', 'more')}` : '');
}

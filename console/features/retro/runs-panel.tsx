import { useQuery } from '@tanstack/react-query';
import { refreshRetro, retroRunsQuery } from '../../api/queries.js';
import { type RetroRun, stopRetro } from '../../api/retro.js';
import { count, counted, dateAndTime } from '../../lib/in-words.js';
import { Facts } from '../../ui/facts.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { ProgressBar } from '../../ui/progress-bar.js';
import { Tag } from '../../ui/tag.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';
import { entriesInWords, isUnderWay, progressOf, RUN_STATES, seenInWords } from './retro-words.js';
import { TryList } from './try-list.js';

/** How new entries are tried against what was seen, by list and node. */
export function RunsPanel() {
  const mayRun = useScope('lists:write');
  return (
    <section aria-labelledby="runs-title">
      <PanelHead id="runs-title" title="Runs">
        {mayRun && <TryList />}
      </PanelHead>
      <Fetched
        query={useQuery(retroRunsQuery)}
        waiting="The runs are being fetched …"
        empty="No list has been tried against what was seen yet. It happens by itself when a list gets entries."
      >
        {(runs) => (
          <ul className="grid gap-3 xl:grid-cols-2" aria-label="Runs">
            {runs.map((run) => (
              <RunCard key={run.id} run={run} mayStop={mayRun} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}

function RunCard({ run, mayStop }: { readonly run: RetroRun; readonly mayStop: boolean }) {
  const { list, node, state, cause, finds, damaged, lastError, created, finished } = run;
  const { words, tone } = RUN_STATES[state];
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 break-all font-semibold">{list}</h3>
        <span className="break-all text-ink-3 text-xs">on node {node}</span>
        <span className="sm:ml-auto">
          <Tag tone={tone}>{words}</Tag>
        </span>
      </div>
      {isUnderWay(run) && <ProgressBar label={`How far ${list} is`} value={progressOf(run)} />}
      <Facts
        facts={[
          ['Tried', entriesInWords(run)],
          ...(cause === 'baseline' ? [] : [['Against', seenInWords(run)] as const, ['Finds', count(finds)] as const]),
          ['Begun', dateAndTime(created)],
          ...(finished === null ? [] : [['Ended', dateAndTime(finished)] as const]),
        ]}
      />
      {damaged > 0 && (
        <p className="text-unsure-ink text-xs">
          {counted(damaged, 'place', 'places')} of seen records could not be read: what they hold was not tried.
        </p>
      )}
      {lastError !== null && (
        <p className="text-match-ink text-xs">
          The last attempt failed; it is tried again: <code className="font-mono">{lastError}</code>
        </p>
      )}
      {mayStop && isUnderWay(run) && (
        <ActButton
          label="Stop"
          subject={list}
          title={`Stop trying ${list}?`}
          description="On every node. What was found stays; what was not tried stays untried until you ask for it again."
          reason="none"
          confirm="Stop it"
          keep="Let it go on"
          act={() => stopRetro(list)}
          onDone={refreshRetro}
        />
      )}
    </li>
  );
}

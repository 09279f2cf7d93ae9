import { useQuery } from '@tanstack/react-query';
import type { Stop } from '../../api/brakes.js';
import { stopsQuery } from '../../api/enforcement-queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { Tag } from '../../ui/tag.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { LiftStop } from './lift-stop.js';
import { StopButton } from './stop-button.js';

/** The emergency stop of all platforms, and what was stopped before. */
export function StopsPanel({ onTold }: { readonly onTold: (words: string) => void }) {
  const query = useQuery(stopsQuery);
  const mayStop = useScope('enforcement:stop');
  const everywhere = query.data?.some(({ platform, lifted }) => platform === null && lifted === null) ?? false;
  return (
    <section aria-labelledby="stops-title">
      <PanelHead id="stops-title" title="Emergency stop">
        {mayStop && !everywhere && <StopButton onTold={onTold} />}
      </PanelHead>
      <p className="mb-3 max-w-prose text-ink-2">
        When a list or a rule is wrong: nothing is sent any more, in every process, and what rules want waits for
        people.
      </p>
      <Fetched query={query} waiting="The stops are being fetched …" empty="Enforcement was never stopped.">
        {(stops) => (
          <ul className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card" aria-label="Stops">
            {stops.map((stop) => (
              <Row key={stop.id} stop={stop} mayLift={mayStop} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}

function Row({ stop, mayLift }: { readonly stop: Stop; readonly mayLift: boolean }) {
  const { platform, reason, stopped, stoppedBy, lifted, liftedBy } = stop;
  const who = useWho();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-2">
          <span className="break-all font-medium">{platform ?? 'All platforms'}</span>
          {lifted === null ? <Tag tone="match">Stopped</Tag> : <Tag>Lifted</Tag>}
        </p>
        <p className="mt-1 break-words text-ink-2 text-xs">
          {reason}{' '}
          <span className="text-ink-3">
            · by {who(stoppedBy)}, {dateAndTime(stopped)}
            {lifted !== null && ` · lifted by ${who(liftedBy)}, ${dateAndTime(lifted)}`}
          </span>
        </p>
      </div>
      {mayLift && lifted === null && <LiftStop platform={platform} />}
    </li>
  );
}

import { useQuery } from '@tanstack/react-query';
import type { Stop } from '../../api/brakes.js';
import { stopsQuery } from '../../api/enforcement-queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Icon } from '../../ui/icon.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { LiftStop } from './lift-stop.js';

/** On every page, as long as an emergency stop is on: where, since when, by whom and why. */
export function StopBar() {
  const maySee = useScope('enforcement:read');
  const mayLift = useScope('enforcement:stop');
  const { data: stops = [] } = useQuery({ ...stopsQuery, enabled: maySee });
  const on = stops.filter(({ lifted }) => lifted === null);
  return (
    <div role="status" aria-label="Emergency stop" className="max-sm:sticky max-sm:top-0 max-sm:z-30">
      {on.length > 0 && (
        <ul className="border-match-line border-b bg-match-wash">
          {on.map((stop) => (
            <StopLine key={stop.id} stop={stop} mayLift={mayLift} />
          ))}
        </ul>
      )}
    </div>
  );
}

function StopLine({ stop, mayLift }: { readonly stop: Stop; readonly mayLift: boolean }) {
  const { platform, reason, stopped, stoppedBy } = stop;
  const who = useWho();
  return (
    <li className="mx-auto flex max-w-[84rem] flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-2 sm:px-6">
      <Icon name="alert" className="size-4 text-match-ink" />
      <p className="min-w-0 flex-1 basis-56 break-words">
        <span className="font-semibold text-match-ink">
          {platform === null ? 'Enforcement is stopped on all platforms' : `Enforcement is stopped on ${platform}`}
        </span>{' '}
        <span className="text-ink-2">
          since {dateAndTime(stopped)} by {who(stoppedBy)}: {reason}
        </span>
      </p>
      {mayLift && <LiftStop platform={platform} />}
    </li>
  );
}

import { useQuery } from '@tanstack/react-query';
import { type Exemption, endExemption } from '../../api/brakes.js';
import { exemptionsQuery, refreshExemptions } from '../../api/enforcement-queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { Tag } from '../../ui/tag.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { AddExemption } from './add-exemption.js';

const STATES = {
  on: { words: 'Holds', tone: 'accent' },
  over: { words: 'Over', tone: 'neutral' },
  ended: { words: 'Ended', tone: 'neutral' },
} as const;

/** Authors and rooms for whom a person decides, until a day. */
export function ExemptionsPanel() {
  const query = useQuery(exemptionsQuery);
  const mayAct = useScope('enforcement:act');
  return (
    <section aria-labelledby="exemptions-title">
      <PanelHead id="exemptions-title" title="Exemptions">
        {mayAct && <AddExemption />}
      </PanelHead>
      <p className="mb-3 max-w-prose text-ink-2">
        What rules want to do to an exempt author or room waits for a person, until a day that is named beforehand.
      </p>
      <Fetched query={query} waiting="The exemptions are being fetched …" empty="Nobody is exempt, and no room.">
        {(exemptions) => (
          <ul
            className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card"
            aria-label="Exemptions"
          >
            {exemptions.map((each) => (
              <Row key={each.id} exemption={each} mayAct={mayAct} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}

function Row({ exemption, mayAct }: { readonly exemption: Exemption; readonly mayAct: boolean }) {
  const { id, platform, kind, subject, reason, until, state, grantedBy, granted } = exemption;
  const who = useWho();
  const { words, tone } = STATES[state];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-2">
          <span>
            {kind === 'room' ? 'Room' : 'Author'} <code className="break-all font-mono text-xs">{subject}</code>
          </span>
          <span className="break-all text-ink-3 text-xs">on {platform}</span>
          <Tag tone={tone}>{words}</Tag>
        </p>
        <p className="mt-1 break-words text-ink-2 text-xs">
          {reason}{' '}
          <span className="text-ink-3">
            · until {dateAndTime(until)} · by {who(grantedBy)}, {dateAndTime(granted)}
          </span>
        </p>
      </div>
      {mayAct && state === 'on' && (
        <ActButton
          label="End"
          subject={`the exemption of ${subject} on ${platform}`}
          title="End this exemption?"
          description="What rules want from then on is done without asking. What waited because of it goes on waiting."
          reason="none"
          confirm="End the exemption"
          keep="Let it hold"
          act={() => endExemption(id)}
          onDone={refreshExemptions}
        />
      )}
    </li>
  );
}

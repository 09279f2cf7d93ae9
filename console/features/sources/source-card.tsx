import { useMutation } from '@tanstack/react-query';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshSources } from '../../api/queries.js';
import { switchSource, syncSource } from '../../api/sources.js';
import type { Source } from '../../api/types.js';
import { count, counted, dateAndTime, reasonWords } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Facts } from '../../ui/facts.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Tag } from '../../ui/tag.js';
import { CardHead, LastFailure } from '../kinds/card-head.js';
import { HeldChange } from './held-change.js';
import { RemoveSource } from './remove-source.js';
import { everyInWords, SOURCE_STATES } from './source-words.js';

interface SourceCardProps {
  readonly source: Source;
  readonly mayChange: boolean;
}

/** One source: how it goes, what it told, and what can be done. */
export function SourceCard({ source, mayChange }: SourceCardProps) {
  const { name, title, state, syncing, enabled, held, error, failures } = source;
  const acting = useMutation({
    mutationFn: async (act: 'sync' | 'off' | 'on') =>
      void (await (act === 'sync' ? syncSource(name) : switchSource(name, act === 'on'))),
    onError: (thrown) => noticeProblem(ApiProblem.from(thrown)),
    onSettled: refreshSources,
  });
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <CardHead name={name} title={title} state={SOURCE_STATES[state]}>
        {syncing && <Tag tone="accent">Syncing</Tag>}
      </CardHead>
      {held !== null && <HeldChange source={source} held={held} mayChange={mayChange} />}
      <Facts facts={factsOf(source)} />
      <LastFailure what="attempt" error={error} failures={failures} />
      <SetAside setAside={source.setAside} />
      <Unused unused={source.unused} />
      {acting.error !== null && <ProblemNote problem={ApiProblem.from(acting.error)} />}
      {mayChange && (
        <div className="flex flex-wrap gap-2">
          {enabled && (
            <Button size="small" disabled={acting.isPending || syncing} onClick={() => acting.mutate('sync')}>
              Sync now<span className="sr-only"> {name}</span>
            </Button>
          )}
          <Button size="small" disabled={acting.isPending} onClick={() => acting.mutate(enabled ? 'off' : 'on')}>
            {enabled ? 'Switch off' : 'Switch on'}
            <span className="sr-only"> {name}</span>
          </Button>
          <RemoveSource source={source} />
        </div>
      )}
    </li>
  );
}

function factsOf({ list, enabled, everySeconds, next, synced, changed, counts, holdPercent }: Source) {
  const { added, changed: altered, removed, returned } = counts;
  const moves = [
    `${count(added)} added`,
    `${count(altered)} changed`,
    `${count(removed)} removed`,
    ...(returned === 0 ? [] : [`${count(returned)} came back`]),
  ];
  return [
    ['List', list ?? 'removed'],
    ['Next run', enabled ? `${dateAndTime(next)}, ${everyInWords(everySeconds)}` : 'never: it is switched off'],
    ['Last sync', synced === null ? 'never' : dateAndTime(synced)],
    ['Last change', changed === null ? 'never' : dateAndTime(changed)],
    ['In all', moves.join(' · ')],
    ['Held from', `${holdPercent} % of the list removed`],
  ] as const;
}

/** Signals of types that the service cannot use, so that nobody takes a list for more than it is. */
function Unused({ unused }: Pick<Source, 'unused'>) {
  const types = Object.entries(unused).sort(([, a], [, b]) => b - a);
  if (types.length === 0) return null;
  const total = types.reduce((sum, [, each]) => sum + each, 0);
  return (
    <Disclosure summary={`${counted(total, 'signal')} of types that are not known here`}>
      <Facts facts={types.map(([type, each]) => [type, count(each)])} />
    </Disclosure>
  );
}

const WHERE_SHOWN = 5;

/** Records that could not be used, by reason. Never a value: only where they stood. */
function SetAside({ setAside }: Pick<Source, 'setAside'>) {
  const reasons = Object.entries(setAside).sort(([, a], [, b]) => b.count - a.count);
  if (reasons.length === 0) return null;
  const total = reasons.reduce((sum, [, each]) => sum + each.count, 0);
  return (
    <Disclosure summary={`${counted(total, 'record')} set aside`}>
      <Facts
        facts={reasons.map(([reason, each]) => [
          reasonWords(reason),
          `${count(each.count)}${each.where.length > 0 ? ` · last: ${each.where.slice(-WHERE_SHOWN).join(', ')}` : ''}`,
        ])}
      />
    </Disclosure>
  );
}

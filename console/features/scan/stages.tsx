import { milliseconds } from '../../lib/in-words.js';

const STAGES = [
  ['read', 'read', 'bg-stage-1'],
  ['wait', 'wait', 'bg-stage-2'],
  ['probe', 'probe', 'bg-stage-7'],
  ['decode', 'decode', 'bg-stage-3'],
  ['hash', 'hash', 'bg-stage-4'],
  ['lookup', 'look up', 'bg-stage-5'],
  ['record', 'record', 'bg-stage-6'],
] as const;
/** What no stage claims, where it is worth a word. */
const REST = { name: 'rest', colour: 'bg-stage-2' };

/** Where the time went: a bar, and the same in figures. */
export function Stages({ ms }: { readonly ms: Readonly<Record<string, number>> }) {
  const total = ms['total'] ?? 0;
  const known = STAGES.map(([stage, name, colour]) => ({ name, colour, time: ms[stage] ?? 0 }));
  const rest = total - known.reduce((sum, { time }) => sum + time, 0);
  const parts = [...known, { ...REST, time: rest > total / 50 ? rest : 0 }].filter(({ time }) => time > 0.005);
  return (
    <div className="text-2xs text-ink-3">
      <div className="flex h-1 gap-px overflow-hidden rounded-full" aria-hidden="true">
        {parts.map(({ name, colour, time }) => (
          <span key={name} className={`min-w-0.5 ${colour}`} style={{ flexGrow: time }} />
        ))}
      </div>
      <dl className="mt-1.5 flex flex-wrap gap-x-3">
        {parts.map(({ name, colour, time }) => (
          <div key={name} className="flex items-center gap-1">
            <span className={`size-1.5 rounded-full ${colour}`} aria-hidden="true" />
            <dt>{name}</dt>
            <dd className="text-ink-2">{milliseconds(time)}</dd>
          </div>
        ))}
        <div className="ml-auto flex gap-1">
          <dt>all together</dt>
          <dd className="font-medium text-ink">{milliseconds(total)}</dd>
        </div>
      </dl>
    </div>
  );
}

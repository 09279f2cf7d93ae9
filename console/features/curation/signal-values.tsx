import { counted } from '../../lib/in-words.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Tag } from '../../ui/tag.js';

interface SignalValuesProps {
  readonly signals: readonly {
    readonly name: string;
    readonly value: string;
    readonly quality?: number | null;
    readonly active?: boolean;
    readonly derived?: boolean;
  }[];
}

/** The values of signals: there for those who need them, not the first thing to see. */
export function SignalValues({ signals }: SignalValuesProps) {
  return (
    <Disclosure summary={`${counted(signals.length, 'fingerprint')}: that you looked is recorded`}>
      <ul className="space-y-2 rounded-lg border border-line bg-sunken p-3 text-xs">
        {signals.map(({ name, value, quality, active = true, derived = false }) => (
          <li key={`${name} ${value}`}>
            <p className="flex flex-wrap items-center gap-1.5 text-ink-2">
              {name}
              {quality !== null && quality !== undefined && (
                <span className="text-ink-3">quality {quality} of 100</span>
              )}
              {derived && <Tag tone="accent">Made here</Tag>}
              {!active && <Tag>Does not match</Tag>}
            </p>
            <code className="mt-0.5 block select-all break-all font-mono">{value}</code>
          </li>
        ))}
      </ul>
    </Disclosure>
  );
}

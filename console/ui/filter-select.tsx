import { useId } from 'react';

interface FilterSelectProps {
  readonly label: string;
  /** Empty: all. */
  readonly value: string;
  readonly choices: readonly (readonly [value: string, words: string])[];
  readonly onChoose: (value: string) => void;
}

/** Which of many are shown. */
export function FilterSelect({ label, value, choices, onChoose }: FilterSelectProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-ink-3 text-xs">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => onChoose(target.value)}
        className="h-8 w-full rounded-lg border border-line-strong bg-surface px-2 text-ink text-xs transition-colors hover:border-ink-3"
      >
        <option value="">All</option>
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

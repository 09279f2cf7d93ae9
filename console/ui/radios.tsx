import { useId } from 'react';

interface RadiosProps<T extends string> {
  readonly legend: string;
  readonly choices: readonly (readonly [value: T, words: string, hint: string])[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** One of a few in a form, each with a word of what follows. */
export function Radios<T extends string>({ legend, choices, chosen, onChoose }: RadiosProps<T>) {
  const name = useId();
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1.5 font-medium">{legend}</legend>
      {choices.map(([value, words, hint]) => (
        <label key={value} className="flex items-start gap-2">
          <input
            type="radio"
            name={name}
            className="mt-0.5 size-4 shrink-0 accent-accent"
            checked={value === chosen}
            onChange={() => onChoose(value)}
          />
          <span>
            {words}
            <span className="block text-ink-3 text-xs">{hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

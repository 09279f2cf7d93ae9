import { classes } from './classes.js';

interface ChoicesProps<T extends string> {
  readonly legend: string;
  readonly choices: readonly (readonly [value: T, words: string])[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** One of a few, all of them in sight. */
export function Choices<T extends string>({ legend, choices, chosen, onChoose }: ChoicesProps<T>) {
  return (
    <fieldset className="flex flex-wrap gap-1">
      <legend className="sr-only">{legend}</legend>
      {choices.map(([value, words]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen}
          onClick={() => onChoose(value)}
          className={classes(
            'inline-flex h-7 items-center rounded-lg border px-2.5 text-xs transition-colors',
            value === chosen
              ? 'border-line-strong bg-raised font-medium text-ink shadow-card'
              : 'border-transparent text-ink-2 hover:bg-ink/6',
          )}
        >
          {words}
        </button>
      ))}
    </fieldset>
  );
}

import { type ReactNode, useId } from 'react';

interface TickProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly hint: string;
  readonly children: ReactNode;
}

/** Yes or no, with a word of what follows. */
export function Tick({ checked, onChange, hint, children }: TickProps) {
  const about = useId();
  return (
    <div>
      <label className="inline-flex items-center gap-2 font-medium">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={checked}
          aria-describedby={about}
          onChange={({ target }) => onChange(target.checked)}
        />
        {children}
      </label>
      <p id={about} className="mt-0.5 ml-6 text-ink-3 text-xs">
        {hint}
      </p>
    </div>
  );
}

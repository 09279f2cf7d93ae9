import { type ComponentProps, type ReactNode, useId } from 'react';
import { classes } from './classes.js';

const CONTROL =
  'h-9 w-full rounded-lg border border-line-strong bg-surface text-sm text-ink transition-colors placeholder:text-ink-3 hover:border-ink-3 focus-visible:outline-offset-0 aria-invalid:border-match-ink';

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

interface FrameProps extends FieldProps {
  readonly children: (ids: { id: string; 'aria-describedby': string }) => ReactNode;
}

function Frame({ label, hint, error, children }: FrameProps) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium text-sm">
        {label}
      </label>
      {children({ id, 'aria-describedby': about })}
      <p
        id={about}
        className={classes('mt-1.5 min-h-4 text-xs', error === undefined ? 'text-ink-3' : 'text-match-ink')}
      >
        {error ?? hint}
      </p>
    </div>
  );
}

export function TextField({ label, hint, error, className, ...rest }: FieldProps & ComponentProps<'input'>) {
  return (
    <Frame label={label} hint={hint} error={error}>
      {(ids) => (
        <input
          type="text"
          autoComplete="off"
          spellCheck={false}
          {...ids}
          aria-invalid={error !== undefined}
          className={classes(CONTROL, 'px-3', className)}
          {...rest}
        />
      )}
    </Frame>
  );
}

export function SelectField({ label, hint, error, children, ...rest }: FieldProps & ComponentProps<'select'>) {
  return (
    <Frame label={label} hint={hint} error={error}>
      {(ids) => (
        <select {...ids} className={classes(CONTROL, 'px-2')} {...rest}>
          {children}
        </select>
      )}
    </Frame>
  );
}

export function TextAreaField({ label, hint, error, className, ...rest }: FieldProps & ComponentProps<'textarea'>) {
  return (
    <Frame label={label} hint={hint} error={error}>
      {(ids) => (
        <textarea
          rows={3}
          autoComplete="off"
          spellCheck={false}
          {...ids}
          aria-invalid={error !== undefined}
          className={classes(CONTROL, 'h-auto px-3 py-2', className)}
          {...rest}
        />
      )}
    </Frame>
  );
}

/** Faults by the names of fields, without that of the field which is being mended. */
export function withoutFault<T extends Readonly<Record<string, string | undefined>>>(faults: T, field: EventTarget): T {
  const name = 'name' in field ? String(field.name) : '';
  return faults[name] === undefined ? faults : { ...faults, [name]: undefined };
}

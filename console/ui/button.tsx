import type { ComponentProps } from 'react';
import { classes } from './classes.js';

const LOOKS = {
  primary: 'bg-ink text-on-ink hover:bg-ink/85',
  plain: 'border border-line-strong bg-raised text-ink hover:border-ink-3 hover:bg-sunken',
  quiet: 'text-ink-2 hover:bg-ink/6 hover:text-ink',
  danger: 'bg-match text-on-match hover:bg-match/90',
} as const;

const SIZES = {
  medium: 'h-9 gap-2 px-3.5 text-sm',
  small: 'h-7 gap-1.5 px-2.5 text-xs',
} as const;

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: keyof typeof LOOKS;
  readonly size?: keyof typeof SIZES;
}

export function Button({ look = 'plain', size = 'medium', className, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={classes(
        'inline-flex shrink-0 select-none items-center justify-center rounded-lg font-medium transition-colors',
        'disabled:pointer-events-none disabled:opacity-45',
        LOOKS[look],
        SIZES[size],
        className,
      )}
      {...rest}
    />
  );
}

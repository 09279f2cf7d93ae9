import type { ReactNode } from 'react';
import { classes } from './classes.js';

const TONES = {
  neutral: 'border-line bg-sunken text-ink-2',
  accent: 'border-transparent bg-accent-wash text-accent',
  unsure: 'border-unsure-line bg-unsure-wash text-unsure-ink',
  match: 'border-match-line bg-match-wash text-match-ink',
} as const;

export type Tone = keyof typeof TONES;

interface TagProps {
  readonly tone?: Tone;
  readonly children: ReactNode;
}

/** A word or two about the thing beside it. */
export function Tag({ tone = 'neutral', children }: TagProps) {
  return (
    <span
      className={classes(
        'inline-flex items-center gap-1 whitespace-nowrap rounded-md border px-1.5 py-px font-medium text-2xs',
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}

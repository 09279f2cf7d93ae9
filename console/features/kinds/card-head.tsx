import type { ComponentProps, ReactNode } from 'react';
import { counted } from '../../lib/in-words.js';
import { Icon } from '../../ui/icon.js';
import { Tag, type Tone } from '../../ui/tag.js';

interface CardHeadProps {
  readonly name: string;
  /** Of its kind. */
  readonly title: string;
  readonly state: {
    readonly words: string;
    readonly tone: Tone;
    readonly icon: ComponentProps<typeof Icon>['name'];
  };
  /** Tags before that of the state. */
  readonly children?: ReactNode;
}

/** What a source or a platform is called, and how it does. */
export function CardHead({ name, title, state: { words, tone, icon }, children }: CardHeadProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <h3 className="min-w-0 break-all font-semibold">{name}</h3>
      <span className="text-ink-3 text-xs">{title}</span>
      <span className="flex flex-wrap gap-1.5 sm:ml-auto">
        {children}
        <Tag tone={tone}>
          <Icon name={icon} className="size-3" />
          {words}
        </Tag>
      </span>
    </div>
  );
}

interface LastFailureProps {
  /** What it was, such as `attempt`. */
  readonly what: string;
  /** A code; null when there was none. */
  readonly error: string | null;
  readonly failures: number;
}

export function LastFailure({ what, error, failures }: LastFailureProps) {
  if (error === null) return null;
  return (
    <p className="text-match-ink text-xs">
      The last {what} failed{failures > 1 && `, ${counted(failures, 'time')} in a row`}:{' '}
      <code className="font-mono">{error}</code>
    </p>
  );
}

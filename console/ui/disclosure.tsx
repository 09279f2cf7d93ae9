import type { ReactNode } from 'react';
import { Icon } from './icon.js';

interface DisclosureProps {
  readonly summary: ReactNode;
  readonly children: ReactNode;
  readonly open?: boolean;
  readonly onToggle?: (open: boolean) => void;
}

/** More, for those who want it. */
export function Disclosure({ summary, children, open = false, onToggle }: DisclosureProps) {
  return (
    <details open={open} onToggle={({ currentTarget }) => onToggle?.(currentTarget.open)}>
      <summary className="-mx-1.5 inline-flex select-none items-center gap-1.5 rounded-md px-1.5 py-0.5 text-ink-2 text-xs transition-colors hover:text-ink">
        <Icon name="chevron" className="-rotate-90 size-3 transition-transform [[open]>summary>&]:rotate-0" />
        {summary}
      </summary>
      <div className="pt-2">{children}</div>
    </details>
  );
}

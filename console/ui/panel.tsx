import type { ReactNode } from 'react';

interface PanelHeadProps {
  readonly id: string;
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children?: ReactNode;
}

/** The head of a part of the page. */
export function PanelHead({ id, title, aside, children }: PanelHeadProps) {
  return (
    <div className="mb-3 flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <div className="flex items-baseline gap-2.5">
        <h2 id={id} className="font-semibold text-base tracking-tight">
          {title}
        </h2>
        {aside !== undefined && <span className="text-ink-3 text-sm">{aside}</span>}
      </div>
      {children}
    </div>
  );
}

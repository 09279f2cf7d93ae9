import type { ReactNode } from 'react';
import { Mark } from '../status/mark.js';

interface NoticeProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** A page that says one thing. */
export function Notice({ title, children }: NoticeProps) {
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-md rounded-2xl border border-line bg-surface p-7 shadow-card sm:p-9">
        <Mark className="size-9" />
        <h1 className="mt-5 font-semibold text-xl tracking-tight">{title}</h1>
        <div className="mt-3 space-y-4 text-ink-2 leading-relaxed">{children}</div>
      </div>
    </main>
  );
}

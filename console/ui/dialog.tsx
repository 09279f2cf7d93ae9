import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { Icon } from './icon.js';

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description: ReactNode;
  readonly children: ReactNode;
}

/**
 * A modal dialog. The backdrop is ours and not the library's: that one injects a style element to stop scrolling, which
 * the content security policy rightly refuses; `data-modal` does it by the style sheet. It stands as high as the dialogs, so
 * that one that was opened from another covers that.
 */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <div className="fixed inset-0 z-50 bg-black/40 backdrop-blur-[2px] motion-safe:animate-appear" data-modal="" />
        <div className="pointer-events-none fixed inset-0 z-50 flex items-end justify-center sm:items-center sm:p-6">
          <Radix.Content className="pointer-events-auto relative flex max-h-[92dvh] w-full max-w-lg flex-col overflow-y-auto rounded-t-2xl border border-line bg-raised shadow-float outline-none motion-safe:animate-appear sm:rounded-2xl">
            <header className="px-6 pt-5 pr-14">
              <Radix.Title className="font-semibold text-base tracking-tight">{title}</Radix.Title>
              <Radix.Description className="mt-1 text-ink-2 text-sm">{description}</Radix.Description>
            </header>
            {children}
            <Radix.Close
              className="absolute top-4 right-4 grid size-8 place-items-center rounded-lg text-ink-3 transition-colors hover:bg-ink/6 hover:text-ink"
              aria-label="Close"
            >
              <Icon name="close" />
            </Radix.Close>
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <footer className="flex flex-wrap justify-end gap-2 px-6 pt-4 pb-6">{children}</footer>;
}

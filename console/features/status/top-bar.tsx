import type { Problem, ServiceStatus } from '../../api/types.js';
import { Mark } from './mark.js';
import { ServiceState } from './service-state.js';

interface TopBarProps {
  readonly status: ServiceStatus | undefined;
  readonly problem: Problem | undefined;
}

export function TopBar({ status, problem }: TopBarProps) {
  return (
    <header className="sticky top-0 z-30 border-line border-b bg-canvas/85 backdrop-blur-md">
      <div className="mx-auto flex h-14 max-w-[84rem] items-center gap-3 px-4 sm:px-6">
        <Mark className="size-7" />
        <h1 className="font-semibold text-[0.9375rem] tracking-tight">Vigie</h1>
        <div className="ml-auto flex items-center gap-1 sm:gap-2">
          <ServiceState status={status} problem={problem} />
          <a
            href="/openapi.json"
            target="_blank"
            rel="noreferrer"
            className="inline-flex h-8 items-center rounded-lg px-2.5 text-ink-2 transition-colors hover:bg-ink/6 hover:text-ink"
          >
            API<span className="hidden sm:inline">&nbsp;documentation</span>
            <span className="sr-only"> (opens in a new tab)</span>
          </a>
        </div>
      </div>
    </header>
  );
}

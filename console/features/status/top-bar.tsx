import type { Problem, ServiceStatus } from '../../api/types.js';
import { Mark } from './mark.js';
import { Navigation } from './navigation.js';
import { ServiceState } from './service-state.js';

interface TopBarProps {
  readonly status: ServiceStatus | undefined;
  readonly problem: Problem | undefined;
}

export function TopBar({ status, problem }: TopBarProps) {
  return (
    <header className="border-line border-b bg-canvas/85 backdrop-blur-md">
      <div className="mx-auto flex min-h-14 max-w-[84rem] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 sm:px-6">
        <Mark className="size-7" />
        <h1 className="font-semibold text-[0.9375rem] tracking-tight">Vigie</h1>
        <div className="order-last -ml-1.5 w-full md:-ml-2.5 xl:order-none xl:ml-1 xl:w-auto">
          <Navigation />
        </div>
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

import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { ApiProblem } from '../api/problem.js';
import { statusQuery } from '../api/queries.js';
import { NoSession } from '../features/session/no-session.js';
import { ServiceTrouble } from '../features/status/service-trouble.js';
import { TopBar } from '../features/status/top-bar.js';
import { StopBar } from '../features/stop/stop-bar.js';

/** The frame of every page behind a session. Without one nothing of a page stays on the screen. */
export function Signed() {
  const { data: status, error } = useQuery(statusQuery);
  const problem = error === null ? undefined : ApiProblem.from(error);
  if (problem?.status === 401) return <NoSession />;
  return (
    <>
      <a
        href="#main"
        className="sr-only z-50 rounded-lg bg-ink px-3 py-2 text-on-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Go to the content
      </a>
      {/* On a telephone only the emergency stop stays in sight: the rest would take too much of it. */}
      <div className="z-30 max-sm:contents sm:sticky sm:top-0">
        <TopBar status={status} problem={problem} />
        <StopBar />
      </div>
      <ServiceTrouble status={status} problem={problem} />
      <main id="main" tabIndex={-1} className="mx-auto max-w-[84rem] px-4 py-6 outline-none sm:px-6 lg:py-8">
        <Outlet />
      </main>
    </>
  );
}

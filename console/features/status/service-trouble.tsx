import type { Problem, ServiceStatus } from '../../api/types.js';
import { Icon } from '../../ui/icon.js';

interface ServiceTroubleProps {
  readonly status: ServiceStatus | undefined;
  readonly problem: Problem | undefined;
}

/** Says aloud why no verdicts can be trusted to come, as long as that is so. */
export function ServiceTrouble({ status, problem }: ServiceTroubleProps) {
  const lines = linesOf(status, problem);
  return (
    <div role="status">
      {lines.length > 0 && (
        <div className="border-unsure-line border-b bg-unsure-wash text-unsure-ink">
          <div className="mx-auto flex max-w-[84rem] gap-2.5 px-4 py-2.5 sm:px-6">
            <Icon name="alert" className="mt-0.5 size-4" />
            <div>
              {lines.map((line) => (
                <p key={line}>{line}</p>
              ))}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

function linesOf(status: ServiceStatus | undefined, problem: Problem | undefined): readonly string[] {
  if (problem !== undefined) {
    return [
      problem.status === 0 ? 'The service does not answer. Trying again …' : `${problem.title} ${problem.remedy}`,
    ];
  }
  if (status === undefined) return [];
  const loading = status.ready ? [] : ['The index is not loaded yet, so nothing can be said about any picture.'];
  return [...loading, ...status.problems];
}

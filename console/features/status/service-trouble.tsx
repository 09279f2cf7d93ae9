import { useState } from 'react';
import type { Problem, ServiceStatus } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';

interface ServiceTroubleProps {
  readonly status: ServiceStatus | undefined;
  readonly problem: Problem | undefined;
}

/**
 * Says aloud why no verdicts can be trusted to come, as long as that is so, and what else the service has to say, until
 * somebody has noted it.
 */
export function ServiceTrouble({ status, problem }: ServiceTroubleProps) {
  const [noted, setNoted] = useState<ReadonlySet<string>>(new Set());
  const blocking = blockingLines(status, problem);
  const remarks = problem === undefined ? (status?.problems ?? []).filter((line) => !noted.has(line)) : [];
  const lines = [...blocking, ...remarks];
  return (
    <div role="status">
      {lines.length > 0 && (
        <div className="border-unsure-line border-b bg-unsure-wash text-unsure-ink">
          <div className="mx-auto flex max-w-[84rem] items-start gap-2.5 px-4 py-2 sm:px-6">
            <Icon name="alert" className="mt-1.5 size-4" />
            <div className="flex-1 py-1">
              {lines.map((line) => (
                <p key={line}>{line}</p>
              ))}
            </div>
            {blocking.length === 0 && (
              <Button size="small" look="quiet" onClick={() => setNoted(new Set([...noted, ...remarks]))}>
                Noted
              </Button>
            )}
          </div>
        </div>
      )}
    </div>
  );
}

function blockingLines(status: ServiceStatus | undefined, problem: Problem | undefined): readonly string[] {
  if (problem !== undefined) {
    return [
      problem.status === 0 ? 'The service does not answer. Trying again …' : `${problem.title} ${problem.remedy}`,
    ];
  }
  if (status === undefined || status.ready) return [];
  return ['The index is not loaded yet, so nothing can be said about any picture.'];
}

import { useMutation } from '@tanstack/react-query';
import { refreshPlatforms } from '../../api/enforcement-queries.js';
import { changePlatform, type Platform, removePlatform, testPlatform } from '../../api/platforms.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { ActButton } from '../acts/act-button.js';
import { Tested } from '../kinds/tested.js';
import { useScope } from '../session/use-scope.js';
import { StopButton } from '../stop/stop-button.js';
import { ChangePlatform } from './change-platform.js';
import { SwitchDryRun } from './switch-dry-run.js';

interface PlatformActsProps {
  readonly platform: Platform;
  readonly stopped: boolean;
  readonly mayChange: boolean;
  readonly onTold: (words: string) => void;
}

/** What can be done about a connection. */
export function PlatformActs({ platform, stopped, mayChange, onTold }: PlatformActsProps) {
  const { name, enabled } = platform;
  const mayStop = useScope('enforcement:stop');
  const testing = useMutation({
    mutationFn: () => testPlatform(name),
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const switching = useMutation({
    mutationFn: () => changePlatform(name, { enabled: !enabled }),
    onError: (error) => noticeProblem(ApiProblem.from(error)),
    onSettled: refreshPlatforms,
  });
  const problem = switching.error ?? testing.error;
  const named = <span className="sr-only"> {name}</span>;
  return (
    <>
      {problem !== null && <ProblemNote problem={ApiProblem.from(problem)} />}
      <Tested noun="platform" pending={testing.isPending} facts={testing.data} />
      <div className="flex flex-wrap gap-2 empty:hidden">
        {mayChange && (
          <>
            <SwitchDryRun platform={platform} onTold={onTold} />
            <Button size="small" disabled={testing.isPending} onClick={() => testing.mutate()}>
              Test<span className="sr-only"> the connection to {name}</span>
            </Button>
            <ChangePlatform platform={platform} onTold={onTold} />
            <Button size="small" disabled={switching.isPending} onClick={() => switching.mutate()}>
              Switch {enabled ? 'off' : 'on'}
              {named}
            </Button>
          </>
        )}
        {mayStop && !stopped && <StopButton platform={name} onTold={onTold} />}
        {mayChange && (
          <ActButton
            label="Remove"
            subject={name}
            title={`Remove ${name}?`}
            description="It is disconnected, and its credentials are forgotten. What waits for it is dropped; what was taken in from it stays."
            reason="none"
            look="quiet"
            confirm="Remove the platform"
            confirmLook="danger"
            keep="Keep it"
            act={() => removePlatform(name)}
            onDone={refreshPlatforms}
          />
        )}
      </div>
    </>
  );
}

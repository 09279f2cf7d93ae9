import type { Problem } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { ProblemWords } from '../../ui/problem-note.js';

interface UnlookedProps {
  readonly problem: Problem;
  readonly onAgain: () => void;
}

/** Why a medium could not be looked at, and what to do. */
export function Unlooked({ problem, onAgain }: UnlookedProps) {
  return (
    <div className="mt-2 rounded-lg border border-unsure-line bg-unsure-wash p-3">
      <ProblemWords problem={problem} />
      <Button size="small" className="mt-2.5" onClick={onAgain}>
        Scan it again
      </Button>
    </div>
  );
}

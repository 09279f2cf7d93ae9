import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { ApiProblem } from '../../api/problem.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { HowToGetALink } from './how-to-get-a-link.js';
import { Notice } from './notice.js';

export function Opening() {
  return (
    <Notice title="Opening Vigie">
      <p role="status">The link is being checked …</p>
    </Notice>
  );
}

export function OpeningFailed({ error }: ErrorComponentProps) {
  const problem = ApiProblem.from(error);
  return (
    <Notice title="The link did not open Vigie">
      <ProblemNote problem={problem} />
      {problem.status === 401 && <HowToGetALink />}
      <p>
        If this browser has a session already,{' '}
        <Link to="/" className="text-accent underline underline-offset-4">
          go to the page
        </Link>
        .
      </p>
    </Notice>
  );
}

import { Link } from '@tanstack/react-router';
import { Notice } from '../features/session/notice.js';

export function NotFound() {
  return (
    <Notice title="There is nothing at this address">
      <p>
        <Link to="/" className="text-accent underline underline-offset-4">
          Go to the start
        </Link>
      </p>
    </Notice>
  );
}

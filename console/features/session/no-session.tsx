import { HowToGetALink } from './how-to-get-a-link.js';
import { Notice } from './notice.js';

export function NoSession() {
  return (
    <Notice title="Open Vigie with a one-time link">
      <p>
        Lists are secrets, so this page shows itself only to those who come by a link. Yours has not been opened here,
        or the session is over.
      </p>
      <HowToGetALink />
    </Notice>
  );
}

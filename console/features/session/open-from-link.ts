import { type ParsedLocation, redirect } from '@tanstack/react-router';
import { openSession } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { queryClient } from '../../api/queries.js';

/**
 * Spends the one-time link `/open#<secret>` for a session and goes on to the page.
 * @throws ApiProblem when the link is used up or there is none in the address
 */
export async function openFromLink({ location }: { readonly location: ParsedLocation }): Promise<never> {
  const link = location.hash;
  // The secret must stay neither in the address bar nor in the history. The router listens to `history.replaceState`
  // itself and would come here again for the changed address; the browser's own method goes past it.
  History.prototype.replaceState.call(window.history, window.history.state, '', '/open');
  if (link === '') {
    throw new ApiProblem({
      title: 'The address carries no link.',
      status: 401,
      code: 'link-missing',
      remedy: 'Open the whole address that `vigie link` printed, with what stands behind the #.',
    });
  }
  await openSession(link);
  queryClient.clear();
  throw redirect({ to: '/', replace: true });
}

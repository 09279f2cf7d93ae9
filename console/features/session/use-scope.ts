import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '../../api/queries.js';

/** Whether who is signed in may do this; the service decides in the end, this only spares a button that it refuses. */
export function useScope(scope: string): boolean {
  const { data } = useQuery(statusQuery);
  return data?.principal.scopes.includes(scope) ?? false;
}

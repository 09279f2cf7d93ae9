import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '../../api/queries.js';

/** Tells ids of principals as people read them: who is signed in is `you`. */
export function useWho(): (id: string | null) => string {
  const { data } = useQuery(statusQuery);
  const own = data?.principal.id;
  return (id) => (id === null ? 'the service' : id === own ? 'you' : id);
}

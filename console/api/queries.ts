import { QueryClient, queryOptions } from '@tanstack/react-query';
import { getAttention, getLists, getSamples, getStatus } from './client.js';
import { getEntryStatuses, getProposals } from './curation.js';
import { getPolicies } from './policies.js';
import { ApiProblem } from './problem.js';
import { getMembers, getOpinions, getPublications, getSigningKeys } from './publishing.js';
import { getRetroFinds, getRetroRuns } from './retro.js';
import { getSourceKinds, getSources } from './sources.js';

const ONCE_MORE = 1;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < ONCE_MORE && ApiProblem.from(error).status === 0,
      retryDelay: 800,
    },
  },
});

/** Asks often while the index loads or the service is away, rarely otherwise. */
export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => getStatus(signal),
  refetchInterval: ({ state }) => {
    if (state.error !== null) return ApiProblem.from(state.error).status === 401 ? false : 2_000;
    return state.data?.ready === false ? 1_000 : 10_000;
  },
});

export const listsQuery = queryOptions({
  queryKey: ['lists'],
  queryFn: ({ signal }) => getLists(signal),
  refetchInterval: ({ state }) => (state.data?.some((list) => list.state === 'loading') ? 1_000 : 15_000),
});

export const attentionQuery = queryOptions({
  queryKey: ['attention'],
  queryFn: ({ signal }) => getAttention(signal),
  refetchInterval: 10_000,
});

/** Asks often while something is under way. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => getSources(signal),
  refetchInterval: ({ state }) =>
    state.data?.some(({ syncing, state }) => syncing || state === 'new') ? 1_000 : 5_000,
});

export const sourceKindsQuery = queryOptions({
  queryKey: ['source-kinds'],
  queryFn: ({ signal }) => getSourceKinds(signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: ({ signal }) => getPolicies(signal),
  refetchInterval: 10_000,
});

export const samplesQuery = queryOptions({
  queryKey: ['samples'],
  queryFn: ({ signal }) => getSamples(signal),
  staleTime: Number.POSITIVE_INFINITY,
});

/** @param waiting those that wait for a person alone; else all */
export const proposalsQuery = (waiting: boolean) =>
  queryOptions({
    queryKey: ['proposals', waiting],
    queryFn: ({ signal }) => getProposals(waiting ? 'proposed' : undefined, signal),
    refetchInterval: 10_000,
  });

export const entryStatusesQuery = queryOptions({
  queryKey: ['entry-statuses'],
  queryFn: ({ signal }) => getEntryStatuses(signal),
  refetchInterval: 30_000,
});

export const publicationsQuery = queryOptions({
  queryKey: ['publications'],
  queryFn: ({ signal }) => getPublications(signal),
  refetchInterval: 30_000,
});

export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: ({ signal }) => getMembers(signal),
  refetchInterval: 30_000,
});

export const signingKeysQuery = queryOptions({
  queryKey: ['signing-keys'],
  queryFn: ({ signal }) => getSigningKeys(signal),
});

export const opinionsQuery = (list: string) =>
  queryOptions({
    queryKey: ['opinions', list],
    queryFn: ({ signal }) => getOpinions(list, signal),
    refetchInterval: 30_000,
  });

/** Asks often while one is under way. */
export const retroRunsQuery = queryOptions({
  queryKey: ['retro-runs'],
  queryFn: ({ signal }) => getRetroRuns(signal),
  refetchInterval: ({ state }) =>
    state.data?.some(({ state }) => state === 'running' || state === 'waiting') ? 1_500 : 10_000,
});

export const retroFindsQuery = queryOptions({
  queryKey: ['retro-finds'],
  queryFn: ({ signal }) => getRetroFinds(signal),
  refetchInterval: 10_000,
});

/** An entry, or what is proposed of one, has changed. */
export async function refreshEntries(): Promise<void> {
  const keys = [['proposals'], entryStatusesQuery.queryKey, ['entry'], attentionQuery.queryKey];
  await Promise.all([...keys.map((queryKey) => queryClient.invalidateQueries({ queryKey })), refreshLists()]);
}

/** What is published, or to whom, has changed. */
export async function refreshPublishing(): Promise<void> {
  const keys = [publicationsQuery.queryKey, membersQuery.queryKey, signingKeysQuery.queryKey, ['opinions']];
  await Promise.all(keys.map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}

export async function refreshRetro(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: retroRunsQuery.queryKey });
}

/** What the lists and the index hold has changed. */
export async function refreshLists(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: listsQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: statusQuery.queryKey }),
  ]);
}

/** A source has changed, and with it perhaps its list. */
export async function refreshSources(): Promise<void> {
  await Promise.all([queryClient.invalidateQueries({ queryKey: sourcesQuery.queryKey }), refreshLists()]);
}

/** A version of the policy was added or activated. */
export async function refreshPolicies(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: policiesQuery.queryKey, exact: true });
}

/** What needs somebody has changed. */
export async function refreshAttention(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: attentionQuery.queryKey });
}

/** A request was refused because the session is over: the whole page has to know at once. */
export function noticeProblem(problem: ApiProblem): void {
  if (problem.status === 401) void queryClient.invalidateQueries({ queryKey: statusQuery.queryKey });
}

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { type ActionFilter, type ActionPage, getActions } from './actions.js';
import { getExemptions, getStops } from './brakes.js';
import { type CaseFilter, type CasePage, getCases } from './cases.js';
import { getPlatformKinds, getPlatforms, getRemovalTimes } from './platforms.js';
import { queryClient, refreshAttention } from './queries.js';

const PAGE = 40;
const EVERY_MS = 5_000;

/** Pages are asked for again one by one: the more there are, the more seldom. */
const byPages = ({ state }: { state: { data: { pages: readonly unknown[] } | undefined } }): number =>
  EVERY_MS * Math.max(1, state.data?.pages.length ?? 1);

/** Asks often while a connection is being made. */
export const platformsQuery = queryOptions({
  queryKey: ['platforms'],
  queryFn: ({ signal }) => getPlatforms(signal),
  refetchInterval: ({ state }) => (state.data?.some(({ state }) => state === 'new') ? 1_000 : EVERY_MS),
});

export const platformKindsQuery = queryOptions({
  queryKey: ['platform-kinds'],
  queryFn: ({ signal }) => getPlatformKinds(signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const removalTimesQuery = (platform: string) =>
  queryOptions({
    queryKey: ['removal-times', platform],
    queryFn: ({ signal }) => getRemovalTimes(platform, signal),
    refetchInterval: 30_000,
  });

export const actionsQuery = (filter: ActionFilter) =>
  infiniteQueryOptions({
    queryKey: ['actions', filter],
    queryFn: ({ pageParam, signal }) => getActions(filter, { before: pageParam, limit: PAGE, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: ActionPage) => next,
    select: ({ pages }) => pages.flatMap(({ actions }) => actions),
    refetchInterval: byPages,
  });

export const casesQuery = (filter: CaseFilter) =>
  infiniteQueryOptions({
    queryKey: ['cases', filter],
    queryFn: ({ pageParam, signal }) => getCases(filter, { after: pageParam, limit: PAGE, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: CasePage) => next,
    select: ({ pages }) => pages.flatMap(({ cases }) => cases),
    refetchInterval: byPages,
  });

/** Most that are counted of what a stop holds. */
export const MOST_HELD = 200;

/** How much a stop holds back, up to a bound. @param platform null: on all */
export const heldQuery = (platform: string | null) =>
  queryOptions({
    queryKey: ['actions', 'held', platform],
    queryFn: async ({ signal }) => {
      const filter = { state: 'proposed', heldBy: 'stop', ...(platform !== null && { platform }) } as const;
      return (await getActions(filter, { limit: MOST_HELD, signal })).actions.length;
    },
  });

export const stopsQuery = queryOptions({
  queryKey: ['stops'],
  queryFn: ({ signal }) => getStops(signal),
  refetchInterval: EVERY_MS,
});

export const exemptionsQuery = queryOptions({
  queryKey: ['exemptions'],
  queryFn: ({ signal }) => getExemptions(signal),
  refetchInterval: 30_000,
});

const refresh = async (...keys: string[]): Promise<void> => {
  await Promise.all(keys.map((key) => queryClient.invalidateQueries({ queryKey: [key] })));
};

export const refreshPlatforms = (): Promise<void> => refresh('platforms');

export const refreshExemptions = (): Promise<void> => refresh('exemptions');

/** Something was decided: what is done on platforms has changed. */
export async function refreshEnforcement(): Promise<void> {
  await Promise.all([refresh('actions', 'cases', 'stops'), refreshAttention()]);
}

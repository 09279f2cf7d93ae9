import type { Bench } from './harness.js';

/** Every measurement by name; loaded only when it is run. */
export const BENCHES = {
  lookup: async (): Promise<Bench> => (await import('./lookup.js')).lookupBench,
  'video-lookup': async (): Promise<Bench> => (await import('./video-lookup.js')).videoLookupBench,
  video: async (): Promise<Bench> => (await import('./video.js')).videoBench,
  photodna: async (): Promise<Bench> => (await import('./photodna.js')).photodnaBench,
  pdq: async (): Promise<Bench> => (await import('./pdq.js')).pdqBench,
  scan: async (): Promise<Bench> => (await import('./scan.js')).scanBench,
  import: async (): Promise<Bench> => (await import('./import.js')).importBench,
  words: async (): Promise<Bench> => (await import('./words.js')).wordsBench,
  delta: async (): Promise<Bench> => (await import('./delta.js')).deltaBench,
  live: async (): Promise<Bench> => (await import('./live-list.js')).liveListBench,
  events: async (): Promise<Bench> => (await import('./events.js')).eventsBench,
  items: async (): Promise<Bench> => (await import('./items.js')).itemsBench,
  removal: async (): Promise<Bench> => (await import('./removal.js')).removalBench,
  retro: async (): Promise<Bench> => (await import('./retro.js')).retroBench,
  http: async (): Promise<Bench> => (await import('./http.js')).httpBench,
} as const;

export type BenchName = keyof typeof BENCHES;

export const BENCH_NAMES = Object.keys(BENCHES) as readonly BenchName[];

import { sql } from 'kysely';
import type { SegmentSummary } from '../index/segment-summary.js';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import { type JudgementCounts, judgementCounts } from '../storage/curation/judgement-store.js';
import type { Database } from '../storage/database.js';
import type { ListRole } from '../storage/list-rules.js';
import type { ListContent, StoredList } from '../storage/list-store.js';
import { currentManifests, listVersions } from '../storage/list-version-store.js';
import type { Approval } from '../storage/schema.js';
import type { ListLoader } from './list-loader.js';
import { isSample } from './samples.js';

export type ListState = 'ready' | 'loading' | 'expired' | 'damaged' | 'empty';

/** A list in figures, for people and for the API. */
export interface ListView {
  name: string;
  content: ListContent;
  source: string | null;
  licence: string | null;
  terms: string | null;
  expires: string | null;
  sample: boolean;
  role: ListRole;
  shadow: boolean;
  version: number | null;
  entries: number;
  withdrawn: number;
  grades: Record<string, number>;
  signals: Record<string, { values: number; active: number }>;
  /** Whether an entry needs a second person before it acts. */
  approval: Approval;
  judged: JudgementCounts;
  state: ListState;
  created: string;
  versions: { version: number; state: string; entries: number; created: string; sourceName: string | null }[];
}

export async function viewOf(database: Database, loader: ListLoader, stored: StoredList): Promise<ListView> {
  const { db } = database;
  const [manifest] = await currentManifests(db, stored.id);
  const versions = await listVersions(db, stored.id);
  const withdrawn = await db
    .selectFrom('entry_status')
    .select(sql<number>`count(DISTINCT entry_id)`.as('n'))
    .where('list_id', '=', stored.id)
    .where('status', '=', 'withdrawn')
    .executeTakeFirstOrThrow();
  const summaries = (manifest?.segments ?? []).map(({ summary }) => summary as SegmentSummary);
  return {
    name: stored.name,
    content: stored.content,
    source: stored.source,
    licence: stored.licence,
    terms: stored.terms,
    expires: stored.expiresAt?.toISOString() ?? null,
    sample: isSample(stored),
    role: stored.role,
    shadow: stored.shadow,
    version: stored.currentVersion,
    entries:
      entriesOf(loader, stored) ?? versions.find(({ version }) => version === stored.currentVersion)?.entries ?? 0,
    withdrawn: withdrawn.n,
    ...totals(summaries),
    approval: stored.approval,
    judged: await judgementCounts(db, stored.id),
    state: stateOf(loader, stored),
    created: stored.createdAt.toISOString(),
    versions: versions.map(({ version, state, entries, createdAt, sourceName }) => ({
      version,
      state,
      entries,
      created: createdAt.toISOString(),
      sourceName,
    })),
  };
}

/** What a version is said to hold counts an entry again for each delta that replaced it; what is loaded knows better. */
function entriesOf(loader: ListLoader, { id, currentVersion }: StoredList): number | undefined {
  const loaded = loader.loaded(id);
  return loaded?.info.version === currentVersion ? loaded?.entries : undefined;
}

/** Over all segments; an entry that a delta replaces counts twice until the segments are merged. */
function totals(summaries: readonly SegmentSummary[]): Pick<ListView, 'grades' | 'signals'> {
  const grades: Record<string, number> = {};
  const signals: Record<string, { values: number; active: number }> = {};
  for (const summary of summaries) {
    for (const [grade, count] of Object.entries(summary.grades)) grades[grade] = (grades[grade] ?? 0) + count;
    for (const type of SIGNAL_TYPE_NAMES) {
      const counts = summary.signals[type];
      if (counts === undefined) continue;
      signals[type] ??= { values: 0, active: 0 };
      signals[type].values += counts.values;
      signals[type].active += counts.active;
    }
  }
  return { grades, signals };
}

function stateOf(loader: ListLoader, { id, name, currentVersion, expiresAt }: StoredList): ListState {
  if (currentVersion === null) return 'empty';
  if (expiresAt !== null && expiresAt.getTime() <= Date.now()) return 'expired';
  if (loader.problems.some(({ list }) => list === name)) return 'damaged';
  const loaded = loader.loaded(id) ?? loader.loadedWords(id);
  return loaded?.info.version === currentVersion ? 'ready' : 'loading';
}

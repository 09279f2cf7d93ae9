import type { Tx } from '../../storage/schema.js';
import { saveSourceProgress } from '../../storage/source-lease.js';
import type { RemovalWindow, SetAsideCounts, SourceCounts } from '../../storage/source-store.js';
import type { ImportReport } from '../import-report.js';
import type { SetAside } from '../sources/source.js';
import type { SyncWork } from './source-sync.js';

/** Reasons that are told apart, and records that are named of each. */
const REASONS = 50;
const NAMED = 20;
const NAME_LENGTH = 128;

export interface Stored {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly returned: number;
  readonly setAside: readonly SetAside[];
  /** Signals of types that we do not know, by the source's name for each. */
  readonly unused: Readonly<Record<string, number>>;
  /** More of the same, of which only some are named. */
  readonly report?: ImportReport | undefined;
  /** What a line of the report is called. */
  readonly where: (line: number) => string;
  readonly checkpoint: unknown;
  readonly removals: RemovalWindow | undefined;
  readonly sameVersion: boolean;
  /** Everything was told that had to be told again. */
  readonly toldAnew: boolean;
}

/** What a sync has stored so far, and the one way of storing more of it. */
export class SyncProgress {
  readonly #work: SyncWork;
  #checkpoint: unknown;
  #counts: SourceCounts;
  #setAside: SetAsideCounts;
  #unused: Readonly<Record<string, number>>;

  constructor(work: SyncWork) {
    this.#work = work;
    this.#checkpoint = work.source.checkpoint;
    this.#counts = work.source.counts;
    this.#setAside = work.source.setAside;
    this.#unused = work.source.unused;
  }

  /** Where the source goes on. */
  get checkpoint(): unknown {
    return this.#checkpoint;
  }

  /**
   * Writes down what is stored, in the transaction that stores it.
   * @returns to be called once that is committed
   * @throws VigieError `source-busy`
   */
  async save(tx: Tx, stored: Stored): Promise<() => void> {
    const { lease, record, source } = this.#work;
    const { added, changed, removed, returned, checkpoint, removals, sameVersion, toldAnew } = stored;
    const setAside = withSetAside(this.#setAside, stored);
    const unused = withUnused(this.#unused, stored.unused);
    const aside = totalOf(setAside) - totalOf(this.#setAside);
    const before = this.#counts;
    const counts = {
      added: before.added + added,
      changed: before.changed + changed,
      removed: before.removed + removed,
      returned: before.returned + returned,
      setAside: before.setAside + aside,
    };
    const news = added + changed + removed + returned > 0;
    await saveSourceProgress(tx, lease, {
      checkpoint,
      counts,
      setAside,
      unused,
      removals,
      news,
      sameVersion,
      toldAnew,
    });
    if (news || aside > 0) {
      const refs = { source: source.id, list: source.listId, added, changed, removed, returned, setAside: aside };
      await record?.(tx, { kind: 'source.synced', actor: 'service', subject: `source:${source.id}`, refs });
    }
    return () => {
      this.#checkpoint = checkpoint;
      this.#counts = counts;
      this.#setAside = setAside;
      this.#unused = unused;
    };
  }
}

function totalOf(counts: SetAsideCounts): number {
  return Object.values(counts).reduce((sum, { count }) => sum + count, 0);
}

/** More of the same. Types beyond the bound are counted as one. */
function withUnused(before: Readonly<Record<string, number>>, more: Readonly<Record<string, number>>) {
  const counts = new Map(Object.entries(before));
  for (const [type, count] of Object.entries(more)) {
    const name = type.slice(0, NAME_LENGTH);
    const key = counts.has(name) || counts.size < REASONS ? name : 'other';
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}

function withSetAside(
  before: SetAsideCounts,
  { setAside, report, where }: Pick<Stored, 'setAside' | 'report' | 'where'>,
): SetAsideCounts {
  const counts = new Map(
    Object.entries(before).map(([reason, { count, where: named }]) => [reason, { count, where: [...named] }]),
  );
  const add = (reason: string, count: number, named: readonly string[]): void => {
    const key = counts.has(reason) || counts.size < REASONS ? reason.slice(0, NAME_LENGTH) : 'other';
    const known = counts.get(key) ?? { count: 0, where: [] };
    // The newest are what somebody can still look up.
    const names = [...known.where, ...named.map((name) => name.slice(0, NAME_LENGTH))].slice(-NAMED);
    counts.set(key, { count: known.count + count, where: names });
  };
  for (const { reason, where: name } of setAside) add(reason, 1, [name]);
  for (const [reason, { count, lines }] of Object.entries(report?.rejected ?? {})) {
    add(reason, count, lines.slice(0, NAMED).map(where));
  }
  return Object.fromEntries(counts);
}

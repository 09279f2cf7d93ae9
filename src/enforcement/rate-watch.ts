import { raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import { countHeld, doubtedEntries, neglectedPlatforms } from '../storage/enforcement/hold-ordered.js';
import { type OverRate, overRates, type Rates } from '../storage/enforcement/rates.js';
import type { Tx } from '../storage/schema.js';

/** Acts of rules in an hour above which somebody is told. */
export const ALARM_ABOVE: Rates = { platform: 500, list: 500, entry: 50 };

export interface RateWatchOptions {
  readonly database: Database;
  readonly alarmAbove?: Partial<Rates>;
  /** Orders that wait so long for anybody to deliver them are told of; ten minutes when left out. Milliseconds. */
  readonly neglectedMs?: number;
}

const NEGLECTED_MS = 600_000;
/** Longer than two looks of any process may be apart. */
const DOUBTED_SINCE_MS = 86_400_000;

/** Tells people of unusually many removals, of what waits, and of what was removed for an entry that is doubted since. */
export class RateWatch {
  readonly #options: RateWatchOptions;
  /** What was told to wait, so that it is settled when nothing does any more. */
  #waiting: ReadonlySet<string> = new Set();
  #neglected: ReadonlySet<string> = new Set();

  constructor(options: RateWatchOptions) {
    this.#options = options;
  }

  /** One look; any number of processes may look, and each thing is told once. */
  async look(): Promise<void> {
    const { database, alarmAbove, neglectedMs = NEGLECTED_MS } = this.#options;
    for (const over of await overRates(database.db, { ...ALARM_ABOVE, ...alarmAbove })) await this.#tellRate(over);
    await this.#tellHeld();
    const neglected = await neglectedPlatforms(database.db, neglectedMs);
    for (const { platform, count } of neglected)
      await this.#tell('actions-wait', platform, platform, { platform, count });
    await this.#settle(
      'actions-wait',
      this.#neglected,
      neglected.map(({ platform }) => platform),
    );
    this.#neglected = new Set(neglected.map(({ platform }) => platform));
    for (const { listId: list, entryId: entry, ...more } of await doubtedEntries(
      database.db,
      DOUBTED_SINCE_MS,
      'acted-on-withdrawn',
    )) {
      const what = { kind: 'acted-on-withdrawn', cause: `${list} ${entry}`, subject: `list:${list}` } as const;
      await database.transaction((tx) => raiseAttention(tx, { ...what, detail: { list, entry, ...more } }));
    }
  }

  async #tellHeld(): Promise<void> {
    const held = await countHeld(this.#options.database.db);
    for (const { platform, heldBy, count } of held) {
      await this.#tell('actions-held', `${platform} ${heldBy}`, platform, { platform, heldBy, count });
    }
    const causes = held.map(({ platform, heldBy }) => `${platform} ${heldBy}`);
    await this.#settle('actions-held', this.#waiting, causes);
    this.#waiting = new Set(causes);
  }

  /** One attention a subject and hour. */
  async #tellRate({ what, platform, listId: list, entryId: entry, count }: OverRate): Promise<void> {
    const subject = platform === null ? `list:${list}` : `platform:${platform}`;
    const hour = Math.floor(Date.now() / 3_600_000);
    const cause = `${what} ${platform ?? [list, entry].filter((each) => each !== null).join(' ')} ${hour}`;
    await this.#options.database.transaction(async (tx) => {
      if (await wasTold(tx, 'removal-rate', cause)) return;
      await raiseAttention(tx, {
        kind: 'removal-rate',
        cause,
        subject,
        detail: { what, platform, list, entry, count },
      });
    });
  }

  async #tell(
    kind: 'actions-held' | 'actions-wait',
    cause: string,
    platform: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.#options.database.transaction(async (tx) => {
      if (await isOpen(tx, kind, cause)) return;
      await raiseAttention(tx, { kind, cause, subject: `platform:${platform}`, detail });
    });
  }

  async #settle(
    kind: 'actions-held' | 'actions-wait',
    before: ReadonlySet<string>,
    now: readonly string[],
  ): Promise<void> {
    for (const cause of before) {
      if (now.includes(cause)) continue;
      await this.#options.database.transaction((tx) => settleAttention(tx, { kind, cause }, 'service'));
    }
  }
}

async function isOpen(tx: Tx, kind: string, cause: string): Promise<boolean> {
  const query = tx.selectFrom('attention').select('id').where('kind', '=', kind).where('cause', '=', cause);
  return (await query.where('state', '<>', 'resolved').executeTakeFirst()) !== undefined;
}

async function wasTold(tx: Tx, kind: string, cause: string): Promise<boolean> {
  const query = tx.selectFrom('attention').select('id').where('kind', '=', kind).where('cause', '=', cause);
  return (await query.executeTakeFirst()) !== undefined;
}

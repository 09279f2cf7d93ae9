import type { AttentionKind } from '../storage/attention/attention-kinds.js';
import { keepAttention, raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import { doubtedEntries, neglectedPlatforms } from '../storage/enforcement/hold-ordered.js';
import { countHeld } from '../storage/enforcement/open-counts.js';
import { type OverRate, overRates, type Rates } from '../storage/enforcement/rates.js';
import { inIndexOrder } from '../storage/in-index-order.js';
import type { Db, Tx } from '../storage/schema.js';

export interface RateWatchOptions {
  readonly database: Database;
  /** Acts of rules in an hour above which somebody is told. */
  readonly alarmAbove: Rates;
}

/** Orders that wait so long for anybody to deliver them are told of. */
const NEGLECTED_MS = 600_000;
/** Longer than two looks of any process may be apart. */
const DOUBTED_SINCE_MS = 86_400_000;

interface Lasting {
  readonly cause: string;
  readonly platform: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Tells people of unusually many removals, of what waits, and of what was removed for an entry that is doubted since. */
export class RateWatch {
  readonly #options: RateWatchOptions;

  constructor(options: RateWatchOptions) {
    this.#options = options;
  }

  /** One look; any number of processes may look, and each thing is told once. */
  async look(): Promise<void> {
    const { database, alarmAbove } = this.#options;
    const { db } = database;
    for (const over of await overRates(db, alarmAbove)) await this.#tellRate(over);
    const held = await inIndexOrder(database, (tx) => countHeld(tx));
    await this.#keep(
      'actions-held',
      held.map((each) => ({ cause: `${each.platform} ${each.heldBy}`, platform: each.platform, detail: each })),
    );
    const neglected = await neglectedPlatforms(db, NEGLECTED_MS);
    await this.#keep(
      'actions-wait',
      neglected.map((each) => ({ cause: each.platform, platform: each.platform, detail: each })),
    );
    for (const doubted of await doubtedEntries(db, DOUBTED_SINCE_MS, 'acted-on-withdrawn')) {
      const { listId: list, entryId: entry, ...more } = doubted;
      const what = { kind: 'acted-on-withdrawn', cause: `${list} ${entry}`, subject: `list:${list}` } as const;
      await database.transaction((tx) => raiseAttention(tx, { ...what, detail: { list, entry, ...more } }));
    }
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

  /** Whatever is so has an open attention of the kind, and nothing else has, whichever process raised it. */
  async #keep(kind: 'actions-held' | 'actions-wait', now: readonly Lasting[]): Promise<void> {
    const { database } = this.#options;
    const open = await openCauses(database.db, kind);
    for (const { cause, platform, detail } of now) {
      if (open.delete(cause)) continue;
      const draft = { kind, cause, subject: `platform:${platform}`, detail };
      await database.transaction((tx) => keepAttention(tx, true, draft));
    }
    for (const cause of open) await database.transaction((tx) => settleAttention(tx, { kind, cause }, 'service'));
  }
}

async function openCauses(db: Db, kind: AttentionKind): Promise<Set<string>> {
  const query = db.selectFrom('attention').select('cause').where('kind', '=', kind).where('state', '<>', 'resolved');
  return new Set((await query.execute()).map(({ cause }) => cause));
}

async function wasTold(tx: Tx, kind: AttentionKind, cause: string): Promise<boolean> {
  const query = tx.selectFrom('attention').select('id').where('kind', '=', kind).where('cause', '=', cause);
  return (await query.executeTakeFirst()) !== undefined;
}

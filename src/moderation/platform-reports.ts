import { raiseAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import type { Cases } from './cases.js';

const PRIORITY = 60;

/** What a connection to a platform tells of a report; who reports stays there. */
interface Reported {
  /** The platform's own id of the item. */
  readonly item: string;
}

/**
 * What users report becomes a case of the item, or makes the one that is open grow. A report of something that was never
 * handed in goes before the operator.
 */
export function caseOfReport({ database, cases }: { readonly database: Database; readonly cases: Cases }) {
  return async (platform: string, { item }: Reported): Promise<void> => {
    await database.transaction(async (tx) => {
      const known = await tx
        .selectFrom('item')
        .select('id')
        .where('platform', '=', platform)
        .where('platform_id', '=', item)
        .orderBy('received_at', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (known === undefined) {
        const detail = { platform, code: 'report-without-item' };
        const cause = `${platform}/report-without-item`;
        await raiseAttention(tx, { kind: 'platform-trouble', cause, subject: 'service', detail });
        return;
      }
      const subject = { platform, kind: 'item', id: known.id } as const;
      const about = { itemId: known.id, verdictId: null, reports: 1 };
      await cases.open(tx, { subject, cause: 'reported', priority: PRIORITY, ...about, by: 'policy' });
    });
  };
}

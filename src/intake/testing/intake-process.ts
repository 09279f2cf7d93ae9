/** One node of intake in a process of its own, that a test may kill at any moment. */
import { openDatabase } from '../../storage/database.js';
import type { ItemDraft } from '../item-draft.js';
import { openGround, openNode } from './open-intake.js';

export interface IntakeOrder {
  readonly place: { readonly dataDir: string } | { readonly url: string };
  readonly folder: string;
  /** Ids of the items to hand in; every third has the listed picture. */
  readonly hand: readonly string[];
  /** Be killed in the transaction of the first match, after its event was written. */
  readonly dieInMatch: boolean;
}

export type IntakeNews =
  | { readonly kind: 'handed'; readonly platformId: string; readonly id: string }
  | { readonly kind: 'idle' };

const send = (news: IntakeNews) => process.send?.(news);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const { place, folder, hand, dieInMatch } = JSON.parse(process.argv[2] ?? '') as IntakeOrder;
const database = await openDatabase(place, { allowNoFsync: true, fsync: false });
const ground = await openGround(folder);
const { intake, stream } = await openNode(database, ground, {
  leaseMs: 500,
  ...(dieInMatch ? { enqueueMatch: async () => void process.kill(process.pid, 'SIGKILL') } : {}),
});
intake.start();
for (const platformId of hand) {
  const bytes = Number(platformId) % 3 === 0 ? ground.listed : ground.unlisted;
  const draft: ItemDraft = {
    platform: 'forum',
    id: platformId,
    account: `a${Number(platformId) % 5}`,
    surface: 'public',
  };
  const file = await intake.media.store(once(bytes), { maximumBytes: 2 ** 20 });
  const { id } = await intake.items.hand(draft, [file]);
  send({ kind: 'handed', platformId, id });
}
for (;;) {
  const { live, backfill } = await stream.depth();
  if (live + backfill === 0 && intake.underWay === 0) send({ kind: 'idle' });
  await new Promise((resolve) => setTimeout(resolve, 100));
}

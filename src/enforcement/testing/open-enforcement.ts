/** An enforcer for tests, on a database with a platform, a list and items; the platform is a function of the test. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { sealContent } from '../../intake/sealed-content.js';
import { Cases } from '../../moderation/cases.js';
import type { Proposal } from '../../policy/proposal.js';
import type { Database } from '../../storage/database.js';
import type { ActionRow } from '../../storage/enforcement/action-store.js';
import { copyKey } from '../../storage/enforcement/copies.js';
import { Events } from '../../storage/events/events.js';
import type { OutboxOptions } from '../../storage/outbox/outbox.js';
import { openOutbox, TEST_KEYRING } from '../../storage/outbox/testing/open-outbox.js';
import { randomId } from '../../storage/random-id.js';
import { Enforcer, type EnforcerOptions } from '../enforcer.js';
import type { JudgedItem } from '../judged-item.js';

const COPIES_KEY = randomBytes(32);
/** So many acts that no test comes near. */
export const MANY = { platform: 1e6, list: 1e6, entry: 1e6 };

export type TestEnforcement = ReturnType<typeof openEnforcement>;

export function openEnforcement(
  database: Database,
  options: Partial<EnforcerOptions> & Pick<EnforcerOptions, 'act'>,
  outboxOptions: Partial<OutboxOptions> = {},
) {
  const { outbox, events } = openOutbox(database, outboxOptions);
  const recorder = new Events(TEST_KEYRING);
  const cases = new Cases({ database, record: recorder.record, keyring: TEST_KEYRING });
  const { holdAbove = MANY } = options;
  const enforcer = new Enforcer({
    ...{ database, outbox, cases, record: recorder.record, keyring: TEST_KEYRING },
    unsealForSubject: (db, subject, sealed, aad) => recorder.subjectKeys.unseal(db, subject, sealed, aad),
    held: () => ['here'],
    plan: { attempts: 1_000, refusals: 1, base: 1, factor: 1, cap: 5 },
    ...options,
    holdAbove,
  });
  return { outbox, events, recorder, cases, enforcer };
}

/** Forgets everything that a test has written. */
export async function clearEnforcement({ db }: Database): Promise<void> {
  await sql`TRUNCATE outbox, attention, action, platform, list, item, account, enforcement_stop, exemption, evidence,
    moderation_case, entry_status, item_match, item_copy RESTART IDENTITY CASCADE`.execute(db);
}

export async function addPlatform({ db }: Database, name = 'here', dryRun = false): Promise<void> {
  const row = { id: randomId(), name, kind: 'test', settings: sql<unknown>`'{}'::jsonb`, created_by: 'test' };
  await db
    .insertInto('platform')
    .values({ ...row, dry_run: dryRun })
    .execute();
}

/** @returns its id */
export async function addList({ db }: Database, name = 'known'): Promise<string> {
  const id = randomId();
  await db.insertInto('list').values({ id, name }).execute();
  return id;
}

export async function addItem(
  database: Database,
  {
    platform = 'here',
    room = 'hall',
    account,
    album = null,
  }: { platform?: string; room?: string; account?: string; album?: string | null } = {},
): Promise<string> {
  const id = randomId();
  const content = { jurisdiction: null, sharedAt: null, text: null, links: [] };
  const media = [{ url: 'http://127.0.0.1/a', fileId: null, name: null }];
  await database.transaction(async (tx) => {
    let accountId: string | null = null;
    if (account !== undefined) {
      accountId = account;
      const made = await tx
        .insertInto('account')
        .values({ id: accountId, platform, pseudonym: randomBytes(32) })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      if (made !== undefined) {
        const plain = Buffer.from(`name of ${account}`);
        const sealed = await new Events(TEST_KEYRING).subjectKeys.seal(tx, `account:${account}`, plain, account);
        await tx.insertInto('account_identity').values({ account_id: account, sealed }).execute();
      }
    }
    await tx
      .insertInto('item')
      .values({
        ...{ id, platform, platform_id: `message ${id}`, fingerprint: new Uint8Array(32), surface: 'public', album },
        ...{ room, lane: 'live', account_id: accountId, sealed: sealContent(TEST_KEYRING, id, { ...content, media }) },
      })
      .execute();
  });
  return id;
}

/** Notes the media of an item, by ordinal, as they are when its verdict is stored. */
export async function noteMedia(database: Database, itemId: string, digests: readonly Uint8Array[]): Promise<void> {
  const rows = digests.map((sha256, ordinal) => ({ item_id: itemId, ordinal, medium: copyKey(COPIES_KEY, sha256) }));
  await database.db.insertInto('item_copy').values(rows).execute();
}

export function judged(id: string, more: Partial<JudgedItem> = {}): JudgedItem {
  return {
    ...{ id, platform: 'here', accountId: null, room: 'hall', seenAt: new Date(), fetchedAt: new Date() },
    ...{ verdictId: randomId(), verdictAt: new Date(), eventId: null },
    media: [{ ordinal: 0, matches: [{ list: 'known', entry: 'e1' }] }],
    ...more,
  };
}

export function proposal(more: Partial<Proposal> = {}): Proposal {
  return {
    ...{ act: 'remove', subject: 'item', rule: 'exact', policyVersion: 1, reason: 'known-material' },
    ...{ entry: { list: 'known', entry: 'e1' }, needsPerson: false },
    ...more,
  };
}

/** Stores what follows from a verdict, in a transaction of its own. */
export async function enforce(
  database: Database,
  enforcer: Enforcer,
  item: JudgedItem,
  proposals: readonly Proposal[],
): Promise<readonly ActionRow[]> {
  return (await database.transaction((tx) => enforcer.enforce(tx, item, proposals))).actions;
}

import { openContent } from '../intake/sealed-content.js';
import type { ActionRow } from '../storage/enforcement/action-store.js';
import { readItems } from '../storage/items/item-rows.js';
import type { Keyring } from '../storage/keyring.js';
import type { Db } from '../storage/schema.js';
import type { Target } from './acts.js';

export interface TargetOptions {
  readonly keyring: Keyring;
  /** `SubjectKeys.unseal` is one. @throws VigieError `subject-erased`, `seal-damaged`, `seal-key-wrong` */
  readonly unsealForSubject: (db: Db, subject: string, sealed: Uint8Array, aad: string) => Promise<Uint8Array>;
}

/**
 * What an action is aimed at, by the platform's own ids.
 * @returns undefined when the item or the account is not known any more
 * @throws VigieError `subject-erased`, `seal-damaged`, `seal-key-wrong`
 */
export async function readTarget(
  db: Db,
  action: Pick<ActionRow, 'item_id' | 'subject_kind' | 'subject_id'>,
  options: TargetOptions,
): Promise<Target | undefined> {
  const { item_id: itemId, subject_kind: kind, subject_id: subject } = action;
  const [item] = itemId === null ? [] : await readItems(db, [itemId]);
  if (kind === 'item' && item === undefined) return undefined;
  const accountId = kind === 'account' ? subject : (item?.accountId ?? null);
  const account = accountId === null ? null : await accountName(db, accountId, options);
  if (kind === 'account' && account === null) return undefined;
  const content = item === undefined ? undefined : openContent(options.keyring, item.id, item.sealed);
  return {
    item: item?.platformId ?? null,
    room: kind === 'room' ? subject : (item?.room ?? null),
    account,
    media: content?.media.map(({ url, ref = null }) => ({ url, ref })) ?? [],
    sharedAt: content?.sharedAt == null ? null : new Date(content.sharedAt),
  };
}

async function accountName(db: Db, id: string, { unsealForSubject }: TargetOptions): Promise<string | null> {
  const row = await db.selectFrom('account_identity').select('sealed').where('account_id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  return Buffer.from(await unsealForSubject(db, `account:${id}`, row.sealed, id)).toString();
}

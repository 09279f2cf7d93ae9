import { randomBytes } from 'node:crypto';
import { advisoryLock } from './advisory-lock.js';
import type { Database } from './database.js';
import type { Keyring } from './keyring.js';
import type { Db, Tx } from './schema.js';
import { seal, unseal } from './seal.js';

const SECRET_BYTES = 32;
const PURPOSE = 'secret';

/** Names of the secrets that must stay the same while the master key is rotated. */
export type SecretName =
  | 'account-pseudonym'
  | 'item-fingerprint'
  | 'matrix-policy-key'
  | 'medium-digest'
  | 'retro-reference';

/**
 * A secret of this installation: 32 random bytes, drawn at its first use on any node and the same ever after.
 * @throws VigieError `seal-key-wrong`, `seal-damaged`, those of the database
 */
export async function openSecret(database: Database, keyring: Keyring, name: SecretName): Promise<Uint8Array> {
  const known = await read(database.db, keyring, name);
  if (known !== undefined) return known;
  return await database.transaction(async (tx) => {
    await advisoryLock(tx, 'secrets');
    const made = await read(tx, keyring, name);
    if (made !== undefined) return made;
    const secret = new Uint8Array(randomBytes(SECRET_BYTES));
    const sealed = seal(keyring, secret, { purpose: PURPOSE, aad: name });
    await tx.insertInto('secret').values({ name, sealed }).execute();
    return secret;
  });
}

async function read(db: Db | Tx, keyring: Keyring, name: SecretName): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('secret').select('sealed').where('name', '=', name).executeTakeFirst();
  return row && unseal(keyring, row.sealed, { purpose: PURPOSE, aad: name });
}

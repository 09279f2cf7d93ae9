import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { VigieError } from '../../errors.js';
import type { Keyring } from '../keyring.js';
import type { Db, Tx } from '../schema.js';
import { seal, unseal } from '../seal.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;
const PURPOSE = 'subject-key';

/**
 * A key for each subject, kept under the master key. What is sealed under it is readable as long as the key is there;
 * erasing a subject destroys the key, and with it every copy of what was sealed, in backups too once these are gone.
 */
export class SubjectKeys {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /**
   * Seals bytes under a subject's key, which is made when there is none.
   * @param aad where the bytes belong, such as the id of their row
   * @throws VigieError `subject-erased`
   */
  async seal(tx: Tx, subject: string, plain: Uint8Array, aad: string): Promise<Uint8Array> {
    return sealWith(await this.#keyFor(tx, subject), plain, aad);
  }

  /** @throws VigieError `subject-erased`; `seal-damaged`, `seal-key-wrong` */
  async unseal(db: Db, subject: string, sealed: Uint8Array, aad: string): Promise<Uint8Array> {
    const [key] = (await this.find(db, [subject])).values();
    if (key === undefined || key === 'erased') throw new VigieError('subject-erased');
    return unsealWith(key, sealed, aad);
  }

  /** The keys of many subjects; those that never had one are left out. */
  async find(db: Db, subjects: readonly string[]): Promise<Map<string, Buffer | 'erased'>> {
    const found = new Map<string, Buffer | 'erased'>();
    if (subjects.length === 0) return found;
    const rows = await db
      .selectFrom('subject_key')
      .select(['subject', 'sealed'])
      .where('subject', 'in', [...new Set(subjects)])
      .execute();
    for (const { subject, sealed } of rows) {
      found.set(subject, sealed === null ? 'erased' : this.#open(subject, sealed));
    }
    return found;
  }

  /**
   * Destroys a subject's key and what was sealed under it in the record of events. Make it a part of an act that records
   * `subject.erased`.
   * @returns how many payloads went; undefined when there was no such subject or it was erased before
   */
  async erase(tx: Tx, subject: string): Promise<number | undefined> {
    const { numUpdatedRows } = await tx
      .updateTable('subject_key')
      .set({ sealed: null, erased_at: new Date() })
      .where('subject', '=', subject)
      .where('erased_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return undefined;
    const gone = await tx.deleteFrom('event_payload').where('subject', '=', subject).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  async #keyFor(tx: Tx, subject: string): Promise<Buffer> {
    const known = await tx
      .selectFrom('subject_key')
      .select(['sealed'])
      .where('subject', '=', subject)
      // Erasing waits for us, or we for it: nothing is sealed under a key that is being destroyed.
      .forShare()
      .executeTakeFirst();
    if (known !== undefined) {
      if (known.sealed === null) throw new VigieError('subject-erased');
      return this.#open(subject, known.sealed);
    }
    const key = randomBytes(KEY_BYTES);
    const made = await tx
      .insertInto('subject_key')
      .values({ subject, sealed: seal(this.#keyring, key, { purpose: PURPOSE, aad: subject }) })
      .onConflict((conflict) => conflict.column('subject').doNothing())
      .returning('subject')
      .executeTakeFirst();
    // Another transaction was first; it has committed now.
    return made === undefined ? await this.#keyFor(tx, subject) : key;
  }

  #open(subject: string, sealed: Uint8Array): Buffer {
    return Buffer.from(unseal(this.#keyring, sealed, { purpose: PURPOSE, aad: subject }));
  }
}

// version 1 | nonce 12 | ciphertext | tag 16
function sealWith(key: Buffer, plain: Uint8Array, aad: string): Uint8Array {
  const head = Buffer.concat([Buffer.of(VERSION), randomBytes(NONCE_BYTES)]);
  const cipher = createCipheriv('aes-256-gcm', key, head.subarray(1));
  cipher.setAAD(Buffer.concat([head, Buffer.from(aad)]));
  return new Uint8Array(Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

/** @throws VigieError `seal-damaged` */
export function unsealWith(key: Buffer, sealed: Uint8Array, aad: string): Uint8Array {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const head = bytes.subarray(0, 1 + NONCE_BYTES);
  if (bytes.byteLength < 1 + NONCE_BYTES + TAG_BYTES || head[0] !== VERSION) throw new VigieError('seal-damaged');
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(1));
  decipher.setAAD(Buffer.concat([head, Buffer.from(aad)]));
  decipher.setAuthTag(bytes.subarray(bytes.byteLength - TAG_BYTES));
  try {
    const plain = decipher.update(bytes.subarray(1 + NONCE_BYTES, bytes.byteLength - TAG_BYTES));
    decipher.final();
    return new Uint8Array(plain);
  } catch {
    throw new VigieError('seal-damaged');
  }
}

import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { VigieError } from '../errors.js';

export const MASTER_KEY_BYTES = 32;

/** Where the active key came from, for `vigie doctor`. */
export type KeySource = 'environment' | 'command' | 'file' | 'file-created';

/**
 * The master keys: one active, with which new data are sealed, and older ones, which still open what they sealed.
 * A key is named by an id derived from it, so that sealed data can say which key they need without a table.
 */
export class Keyring {
  readonly source: KeySource;
  /** Id of the active key: 16 hexadecimal digits. */
  readonly activeId: string;
  readonly #keys = new Map<string, KeyObject>();
  /** Keys of purposes without a salt; purposes are few and fixed. */
  readonly #derived = new Map<string, Buffer>();

  /**
   * @param keys 32 bytes each; the first is the active one
   * @throws VigieError `seal-key-missing` without a key, `seal-key-unsafe` for one of another length
   */
  constructor(keys: readonly Uint8Array[], source: KeySource) {
    const [active] = keys;
    if (active === undefined) throw new VigieError('seal-key-missing');
    for (const key of keys) {
      if (key.byteLength !== MASTER_KEY_BYTES) throw new VigieError('seal-key-unsafe', { detail: 'not 32 bytes' });
      this.#keys.set(keyId(key), createSecretKey(key));
    }
    this.activeId = keyId(active);
    this.source = source;
  }

  /** Ids of all keys, the active one first. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /**
   * A key for one purpose, by HKDF-SHA-256 (RFC 5869).
   * @param purpose a short name; each kind of data has its own
   * @param from the master key's id (the active one if left out) and a salt (none if left out)
   * @returns 32 bytes
   * @throws VigieError `seal-key-wrong` when there is no master key of that id
   */
  subkey(purpose: string, from: { readonly keyId?: string; readonly salt?: Uint8Array } = {}): Buffer {
    const master = this.#keys.get(from.keyId ?? this.activeId);
    if (master === undefined) throw new VigieError('seal-key-wrong');
    if (from.salt !== undefined) return derive(master, from.salt, purpose);
    const name = `${from.keyId ?? this.activeId}/${purpose}`;
    const known = this.#derived.get(name) ?? derive(master, new Uint8Array(0), purpose);
    this.#derived.set(name, known);
    return Buffer.from(known);
  }
}

function derive(master: KeyObject, salt: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, salt, `vigie/1/${purpose}`, 32));
}

function keyId(key: Uint8Array): string {
  const derived = hkdfSync('sha256', key, new Uint8Array(0), 'vigie/1/key-id', 32);
  return createHash('sha256').update(new Uint8Array(derived)).digest('hex').slice(0, 16);
}

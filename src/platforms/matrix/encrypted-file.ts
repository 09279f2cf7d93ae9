import { createDecipheriv, createHash } from 'node:crypto';
import { VigieError } from '../../errors.js';
import { readMxc } from './mxc.js';

/** A file that was uploaded encrypted, as a message names it (Client-Server API, `EncryptedFile`). */
export interface EncryptedFile {
  /** Its `mxc:` address. */
  readonly url: string;
  /** Base64 as the message has it. */
  readonly key: string;
  readonly iv: string;
  readonly sha256: string;
}

const PREFIX = 'sealed:';

/** The file that an object in a message names; undefined when it names none. */
export function encryptedFileOf(value: object): EncryptedFile | undefined {
  const { url, key, iv, hashes } = value as Readonly<Record<string, unknown>>;
  const k = (key as { readonly k?: unknown } | null | undefined)?.k;
  const sha256 = (hashes as { readonly sha256?: unknown } | null | undefined)?.sha256;
  const all = [url, k, iv, sha256];
  if (!all.every((each): each is string => typeof each === 'string' && each.length <= 512)) return undefined;
  return readMxc(String(url)) === undefined
    ? undefined
    : { url: String(url), key: String(k), iv: String(iv), sha256: String(sha256) };
}

/** The file as a reference that `fetch` takes. */
export function refToEncrypted({ url, key, iv, sha256 }: EncryptedFile): string {
  return `${PREFIX}${JSON.stringify([url, key, iv, sha256])}`;
}

/** The file that a reference names; undefined for a reference of another kind. */
export function readEncryptedRef(ref: string): EncryptedFile | undefined {
  if (!ref.startsWith(PREFIX)) return undefined;
  const [url = '', key = '', iv = '', sha256 = ''] = JSON.parse(ref.slice(PREFIX.length)) as string[];
  return { url, key, iv, sha256 };
}

/**
 * Decrypts while it is read: AES-256 in counter mode, as the specification says. The hash is that of what was uploaded.
 * @throws VigieError `fetch-failed` when the key is none, or the file is not the one that was meant
 */
export async function* decrypted(file: EncryptedFile, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const [key, iv] = [Buffer.from(file.key, 'base64url'), Buffer.from(file.iv, 'base64')];
  if (key.byteLength !== 32 || iv.byteLength !== 16) throw new VigieError('fetch-failed', { detail: 'no key' });
  const decipher = createDecipheriv('aes-256-ctr', key, iv);
  const hash = createHash('sha256');
  for await (const chunk of body) {
    hash.update(chunk);
    yield decipher.update(chunk);
  }
  if (!hash.digest().equals(Buffer.from(file.sha256, 'base64'))) {
    throw new VigieError('fetch-failed', { detail: 'the file is not the one that was meant' });
  }
}

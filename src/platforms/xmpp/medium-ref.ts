import { createDecipheriv } from 'node:crypto';
import { VigieError } from '../../errors.js';
import type { GuardedClient } from '../../net/guarded-client.js';
import { pulled } from '../../net/pulled.js';

/**
 * What a medium is named by that is not fetched by a plain URL: `bob` carries its bytes in base64, `aesgcm` is encrypted
 * with the key in its address (XEP-0454), `url` is one that may not be fetched, `lost` says why there is nothing.
 */
type RefKind = 'bob' | 'aesgcm' | 'url' | 'lost';

export function refTo(kind: RefKind, value: string): string {
  return `${kind}:${value}`;
}

const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** The address that the bytes of a medium lie under; undefined when they lie under none. */
export function addressOf({
  url,
  ref,
}: {
  readonly url?: string | null | undefined;
  readonly ref?: string | null | undefined;
}): string | undefined {
  if (url) return url;
  if (ref?.startsWith('url:')) return ref.slice(4);
  return ref?.startsWith('aesgcm:') ? plainAddress(ref.slice('aesgcm:'.length)) : undefined;
}

/**
 * Opens a medium by its reference.
 * @throws VigieError `fetch-failed` and the others of `GuardedClient.fetch`
 */
export function openRef(client: GuardedClient, ref: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const colon = ref.indexOf(':');
  const value = ref.slice(colon + 1);
  switch (ref.slice(0, colon)) {
    case 'bob':
      return carried(value);
    case 'aesgcm':
      return decrypted(client, value, signal);
    case 'url':
      return fetched(client, value, signal);
    case 'lost':
      throw new VigieError('fetch-failed', { detail: value });
    default:
      throw new VigieError('fetch-failed', { detail: 'a reference of another version' });
  }
}

async function* carried(base64: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.byteLength === 0) throw new VigieError('fetch-failed', { detail: 'no bytes' });
  yield bytes;
}

function plainAddress(address: string): string {
  return address.replace(/^aesgcm:/i, 'https:').replace(/#.*$/s, '');
}

async function* decrypted(client: GuardedClient, address: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const secret = /#([0-9a-f]+)$/i.exec(address)?.[1] ?? '';
  const bytes = Buffer.from(secret, 'hex');
  const ivBytes = bytes.byteLength - KEY_BYTES;
  if (ivBytes !== 12 && ivBytes !== 16) throw new VigieError('fetch-failed', { detail: 'no key in the address' });
  const decipher = createDecipheriv('aes-256-gcm', bytes.subarray(ivBytes), bytes.subarray(0, ivBytes));
  // The tag is the end of the file, so that much is always held back.
  let held: Uint8Array = new Uint8Array();
  for await (const chunk of fetched(client, plainAddress(address), signal)) {
    const all = Buffer.concat([held, chunk]);
    const ready = Math.max(0, all.byteLength - TAG_BYTES);
    held = all.subarray(ready);
    if (ready > 0) yield decipher.update(all.subarray(0, ready));
  }
  try {
    decipher.setAuthTag(held);
    const last = decipher.final();
    if (last.byteLength > 0) yield last;
  } catch (error) {
    throw new VigieError('fetch-failed', { detail: 'the file does not fit its key', cause: error });
  }
}

function fetched(client: GuardedClient, url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  return pulled((take, stop) => client.fetch(url, ({ body }) => take(body), { signal: stop }), signal);
}

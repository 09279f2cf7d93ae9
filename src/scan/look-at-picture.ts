import { VigieError } from '../errors.js';
import { md5AndSha1 } from '../media/digests.js';
import type { PhotoDnaHasher } from '../media/photodna-hasher.js';
import type { MediaPool } from '../media/pool.js';
import type { Looked } from './looked.js';
import type { ReadBytes } from './read-medium.js';
import type { SignalCache } from './signal-cache.js';

export interface PictureTools {
  readonly pool: Pick<MediaPool, 'hash'>;
  readonly photodna: PhotoDnaHasher | undefined;
  readonly cache: SignalCache;
}

/**
 * Decodes and hashes a medium that is in memory, unless its signals are known.
 * @throws VigieError `decoder-busy` and what else says nothing of the medium; the signal's reason
 */
export async function lookAtPicture(
  medium: ReadBytes,
  { fileId, signal }: { readonly fileId?: string | undefined; readonly signal?: AbortSignal | undefined },
  { pool, photodna: hasher, cache }: PictureTools,
): Promise<Looked> {
  const { bytes, ms: read } = medium;
  const sha256 = Buffer.from(medium.sha256).toString('hex');
  const base = { bytes: bytes.length, media: undefined, photodna: undefined, ms: { read } };
  const others = async () => ({ ...(await md5AndSha1(bytes, signal)), sha256: medium.sha256 });
  if (bytes.length === 0) {
    const failure = { code: 'media-empty', kind: 'other', format: 'unknown' } as const;
    return { ...base, digests: await others(), failure };
  }
  // The other digests are computed while the decoder, another process, works; not while it waits for the bytes.
  let digesting: ReturnType<typeof others> | undefined;
  const onHandedOver = () => {
    digesting ??= others();
    digesting.catch(() => undefined);
  };
  const handedOver = performance.now();
  const hashing = hashPhotoDna(hasher, bytes, signal);
  try {
    const options = { mode: 'fast', onHandedOver, ...(signal === undefined ? {} : { signal }) } as const;
    const media = await pool.hash(bytes, options);
    const [photodna, digests] = [await hashing, await (digesting ?? others())];
    const spent = Object.values(media.ms).reduce((sum, each) => sum + each, 0);
    const wait = Math.max(0, performance.now() - handedOver - spent);
    const cached = { bytes: bytes.length, digests, media, photodna: photodna.value };
    if (photodna.failure === undefined) cache.put(sha256, cached, fileId);
    return { ...cached, failure: photodna.failure, ms: { read, wait, ...media.ms } };
  } catch (error) {
    const photodna = await hashing;
    if (!(error instanceof VigieError) || error.status !== 422) throw error;
    const digests = await (digesting ?? others());
    const { kind = 'image', format = 'unknown' } = error.medium ?? {};
    return { ...base, digests, photodna: photodna.value, failure: { code: error.code, kind, format } };
  }
}

async function hashPhotoDna(hasher: PhotoDnaHasher | undefined, bytes: Uint8Array, signal: AbortSignal | undefined) {
  if (hasher === undefined) return { value: undefined, failure: undefined };
  try {
    return { value: await hasher.hash(bytes, signal === undefined ? {} : { signal }), failure: undefined };
  } catch {
    const failure = { code: 'hasher-failed', kind: 'image', format: 'unknown' } as const;
    return { value: undefined, failure };
  }
}

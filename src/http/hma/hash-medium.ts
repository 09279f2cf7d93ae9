import { createHash } from 'node:crypto';
import { VigieError } from '../../errors.js';
import { type MediaKind, MINIMUM_QUALITY } from '../../media/media-signals.js';
import { abortableEach } from '../../runtime/abortable.js';
import type { HmaCall } from './hma-endpoint.js';
import { HmaRefusal } from './hma-endpoint.js';
import { type ContentType, contentTypeOf, type HashedType, selectedTypes } from './hma-signal-types.js';

/** Signals by their names; empty where a picture has too little in it. */
export type Hashes = Partial<Record<HashedType, string>>;

const PDQ_BYTES = 32;

/** @throws HmaRefusal, VigieError why it could not be hashed */
export async function hashMedium(
  { services, signal }: Pick<HmaCall, 'services' | 'signal'>,
  source: AsyncIterable<Uint8Array>,
  medium: ContentType,
  types: readonly HashedType[],
): Promise<Hashes> {
  if (types.includes('video_md5')) {
    const md5 = createHash('md5');
    let bytes = 0;
    for await (const chunk of abortableEach(source, signal)) {
      md5.update(chunk);
      bytes += chunk.length;
      if (bytes > services.config.limits.videoBytes) throw new VigieError('media-too-large');
    }
    if (bytes === 0) throw new VigieError('media-empty');
    return { video_md5: md5.digest('hex') };
  }
  const { kind, hashes } = await services.scanner.hashPicture(source, signal).catch((error: unknown) => {
    // Too small to have a hash, which is to say that it says nothing.
    if (error instanceof VigieError && error.code === 'media-too-small') return { kind: 'image' as const, hashes: [] };
    throw error;
  });
  if (kind !== 'image') throw new HmaRefusal(400, `the file is no ${medium}`);
  const [first] = hashes.filter(({ frame, area }) => frame === 0 && area === 'full');
  const enough = first !== undefined && first.quality >= MINIMUM_QUALITY;
  return { pdq: enough ? Buffer.from(first.pdq.subarray(0, PDQ_BYTES)).toString('hex') : '' };
}

/** The same for what lies at a URL. @throws HmaRefusal, VigieError */
export async function hashUrl(call: HmaCall, url: string): Promise<Hashes> {
  const { content_type: hint, types } = call.query;
  if (hint !== undefined) selectedTypes(types, contentTypeOf(hint));
  return await fetched(() =>
    call.services.scanner.fetchMedium(
      url,
      async (body, sniffed) => {
        const medium = hint === undefined ? mediumOf(sniffed) : contentTypeOf(hint);
        return await hashMedium(call, body, medium, selectedTypes(types, medium));
      },
      call.signal,
    ),
  );
}

/** @throws HmaRefusal 400 */
export function mediumOf(kind: MediaKind | null): ContentType {
  if (kind === 'image') return 'photo';
  if (kind === 'video') return 'video';
  throw new HmaRefusal(400, 'unsupported url ContentType: neither a picture nor a video');
}

/** Says in the words of its clients why something could not be fetched. */
export async function fetched<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof VigieError)) throw error;
    if (error.code === 'url-invalid' || error.code === 'url-forbidden') {
      throw new HmaRefusal(400, 'Invalid or unsafe URL provided');
    }
    if (error.code === 'fetch-failed' || error.code === 'fetch-timeout') {
      throw new HmaRefusal(400, `Failed to fetch URL: ${error.detail ?? error.code}`);
    }
    throw error;
  }
}

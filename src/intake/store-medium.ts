import type { Hash, Hmac } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { SealedBlobStore } from '../lists/sealed-blob-store.js';
import { abortableEach } from '../runtime/abortable.js';

/**
 * Stores the bytes of a medium, sealed; they are on the disk when this returns, or not there at all.
 * @param digest is given all bytes
 * @throws VigieError `media-too-large`, `disk-full`; what the source throws; the signal's reason
 */
export async function storeMedium(
  blobs: SealedBlobStore,
  source: AsyncIterable<Uint8Array>,
  digest: Hash | Hmac,
  { maximumBytes, signal }: { readonly maximumBytes: number; readonly signal: AbortSignal | undefined },
): Promise<{ readonly blob: string; readonly bytes: number }> {
  const writer = await blobs.create();
  try {
    let bytes = 0;
    for await (const chunk of abortableEach(source, signal)) {
      bytes += chunk.byteLength;
      if (bytes > maximumBytes) throw new VigieError('media-too-large', { detail: `limit ${maximumBytes} bytes` });
      digest.update(chunk);
      await writer.write(chunk);
    }
    const { id } = await writer.commit();
    return { blob: id, bytes };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

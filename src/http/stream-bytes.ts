import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { VigieError } from '../errors.js';
import type { ByteSink } from '../index/byte-io.js';

/**
 * Answers with bytes as they are made, no faster than the client reads them.
 * @param make writes them; what it throws breaks the body off
 */
export async function streamBytes(
  reply: FastifyReply,
  type: string,
  signal: AbortSignal,
  make: (sink: ByteSink) => Promise<unknown>,
): Promise<FastifyReply> {
  const out = new PassThrough();
  const sink = {
    async write(bytes: Uint8Array): Promise<void> {
      signal.throwIfAborted();
      if (!out.write(bytes)) await once(out, 'drain', { signal });
    },
  };
  reply.type(type).send(out);
  try {
    await make(sink);
    out.end();
  } catch (error) {
    // The status is long told: a body that breaks off is the only way left to say that it is not whole.
    out.destroy(VigieError.from(error));
  }
  return reply;
}

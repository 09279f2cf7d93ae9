// The decoder process: takes media one at a time from the descriptor that it was started with, and answers with their
// hashes. It holds nothing else: no environment, no files, no network (sandbox.ts).
import { Socket } from 'node:net';
import { VigieError } from '../errors.js';
import { PdqHasher } from '../signals/pdq/pdq-hasher.js';
import { MessageReader, writeMessage } from './frames.js';
import { hashMedium } from './hash-medium.js';
import type { DecodeLimits } from './picture.js';
import type { WorkerAnswer, WorkerOrder } from './worker-protocol.js';

const CHANNEL = 3;
const MAXIMUM_MEDIUM_BYTES = 2 ** 32 - 1;

const channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
const hasher = await PdqHasher.create();

async function answer(order: WorkerOrder, bytes: Uint8Array): Promise<void> {
  const limits: DecodeLimits = { maxPixels: order.maxPixels, maxFrames: order.maxFrames };
  try {
    const { hashes, ...rest } = await hashMedium(bytes, { mode: order.mode, limits, hasher });
    const head: WorkerAnswer = { signals: { ...rest, frameList: hashes.map(({ pdq: _, ...each }) => each) } };
    writeMessage(channel, head, Buffer.concat(hashes.map(({ pdq }) => pdq)));
  } catch (error) {
    const known = error instanceof VigieError ? error : unforeseen(error);
    const head: WorkerAnswer = {
      failure: {
        code: known.code === 'internal' ? 'media-damaged' : known.code,
        ...(known.detail === undefined ? {} : { detail: known.detail }),
        ...(known.medium === undefined ? {} : { medium: known.medium }),
      },
    };
    writeMessage(channel, head, Buffer.alloc(0));
  }
}

/** A fault of the decoder with this medium; its text is not passed on, as it might hold something of the medium. */
function unforeseen(error: unknown): VigieError {
  const outOfMemory = error instanceof RangeError && /allocation failed|array length/i.test(error.message);
  return new VigieError(outOfMemory ? 'decoder-memory' : 'media-damaged');
}

const reader = new MessageReader(MAXIMUM_MEDIUM_BYTES, (head, payload) => {
  // One medium at a time is all that the service sends.
  answer(head as WorkerOrder, payload).catch(() => channel.destroy());
});
channel.on('data', (chunk) => reader.push(chunk));
channel.on('end', () => channel.destroy());
channel.on('error', () => channel.destroy());
writeMessage(channel, { ready: true } satisfies WorkerAnswer, Buffer.alloc(0));

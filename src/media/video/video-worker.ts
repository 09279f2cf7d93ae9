// The video decoder process: the medium lies in a file that it was started with (descriptor 4) and may still grow; what
// it comes to goes back on its channel (descriptor 3) frame by frame. ffmpeg runs as its child, under the same limits.
import { once } from 'node:events';
import { Socket } from 'node:net';
import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import { PdqHasher } from '../../signals/pdq/pdq-hasher.js';
import { MessageReader, writeMessage } from '../frames.js';
import { Answer } from './answer.js';
import { GrowingMedium } from './growing-medium.js';
import { hashVideo, type VideoStep } from './hash-video.js';
import { MEDIUM_DESCRIPTOR } from './run-program.js';
import type { NumberedAnswer, SecondsRange, VideoAnswer, VideoOrder, VideoRequest } from './video-protocol.js';

const CHANNEL = 3;
const NOTHING = Buffer.alloc(0);

const channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
const hasher = await PdqHasher.create();
let current:
  | { readonly medium: GrowingMedium; readonly stop: AbortController; readonly closer: Answer<readonly SecondsRange[]> }
  | undefined;

/** A service that is slow to read holds the decoder back. */
async function say(order: number, answer: VideoAnswer, payload: Uint8Array = NOTHING): Promise<void> {
  writeMessage(channel, { order, answer } satisfies NumberedAnswer, payload);
  if (channel.writableNeedDrain) await once(channel, 'drain');
}

async function tell(order: number, step: VideoStep): Promise<void> {
  if ('tmk' in step) return await say(order, { tmk: true }, step.tmk);
  if (!('hashes' in step)) return await say(order, step);
  const { hashes, ...rest } = step;
  const areas = hashes.map(({ area, quality }) => ({ area, quality }));
  await say(order, { sample: { ...rest, areas } }, Buffer.concat(hashes.map(({ pdq }) => pdq)));
}

async function decode(order: VideoOrder): Promise<void> {
  const medium = new GrowingMedium(MEDIUM_DESCRIPTOR);
  const stop = new AbortController();
  const closer = new Answer<readonly SecondsRange[]>();
  const own = { medium, stop, closer };
  const ms = { probe: 0, decode: 0, hash: 0 };
  current = own;
  try {
    for await (const step of hashVideo(
      { medium, closer: () => abortable(closer.given, stop.signal), ms },
      order,
      hasher,
      stop.signal,
    )) {
      await tell(order.number, step);
      stop.signal.throwIfAborted();
    }
  } catch (error) {
    if (stop.signal.aborted) return await say(order.number, { stopped: ms });
    const { code, detail, medium: kind } = error instanceof VigieError ? error : unforeseen(error);
    await say(order.number, {
      failure: {
        code: code === 'internal' ? 'media-damaged' : code,
        ...(detail === undefined ? {} : { detail }),
        ...(kind === undefined ? {} : { medium: kind }),
      },
    });
  } finally {
    // The next video may have begun already.
    if (current === own) current = undefined;
  }
}

/** A fault of the decoder with this medium; its text is not passed on, as it might hold something of the medium. */
function unforeseen(error: unknown): VigieError {
  const outOfMemory = error instanceof RangeError && /allocation failed|array length/i.test(error.message);
  return new VigieError(outOfMemory ? 'decoder-memory' : 'media-damaged');
}

const reader = new MessageReader(0, (head) => {
  // The service alone writes here.
  const request = head as VideoRequest;
  if ('begin' in request) decode(request.begin).catch(() => channel.destroy());
  else if ('grown' in request) current?.medium.grow(request.grown, request.complete);
  else if ('closer' in request) current?.closer.give(request.closer);
  else current?.stop.abort();
});
channel.on('data', (chunk) => reader.push(chunk));
channel.on('end', () => process.exit());
channel.on('error', () => process.exit());
await say(0, { ready: true });

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Sees to it that a body arrives in time: as a whole within the limit, or, for one that may be long, with no silence
 * longer than the limit. Silence counts only while we wait for the sender, not while the sender waits for us.
 *
 * @param limit milliseconds
 * @param late called once when the time is over
 * @returns the function that ends the watch
 */
export function watchBody(message: IncomingMessage, mode: 'whole' | 'steady', limit: number, late: () => void) {
  let received = message.socket.bytesRead;
  const timer = setInterval(() => {
    if (message.complete) {
      clearInterval(timer);
      return;
    }
    const now = message.socket.bytesRead;
    const waitsForUs = message.readableLength > 0;
    if (mode === 'steady' && (now !== received || waitsForUs)) {
      received = now;
      return;
    }
    clearInterval(timer);
    late();
  }, limit);
  timer.unref();
  return () => clearInterval(timer);
}

const DISCARD_BYTES = 16 * 2 ** 20;
const DISCARD_MS = 2_000;
const LOOK_MS = 50;

/**
 * Lets a client that is still sending what nobody wants read its answer: closing at once would reset the connection
 * under it. A client that goes on for too long is cut off.
 */
export function discardRest(message: IncomingMessage, socket: Socket): void {
  const before = socket.bytesRead;
  const start = performance.now();
  if (!message.destroyed) message.resume();
  const timer = setInterval(() => {
    const over = performance.now() - start > DISCARD_MS || socket.bytesRead - before > DISCARD_BYTES;
    if (!message.complete && over) socket.destroy();
    if (message.complete || socket.destroyed) clearInterval(timer);
  }, LOOK_MS);
  timer.unref();
}

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

export interface DiscardLimits {
  readonly bytes: number;
  readonly ms: number;
}

/** For one whose request was refused. */
const REFUSED: DiscardLimits = { bytes: 16 * 2 ** 20, ms: 2_000 };
const LOOK_MS = 50;

/**
 * Lets a client that is still sending what nobody wants read its answer: many read nothing before all is sent, and
 * closing at once would reset the connection under them. A client that goes on for too long is cut off.
 */
export function discardRest(message: IncomingMessage, socket: Socket, { bytes, ms } = REFUSED): void {
  const before = socket.bytesRead;
  const start = performance.now();
  if (!message.destroyed) {
    // Somebody who left half way still listens, and as long as they do nothing flows.
    message.removeAllListeners('readable');
    message.on('data', () => {});
    message.resume();
  }
  const timer = setInterval(() => {
    const over = performance.now() - start > ms || socket.bytesRead - before > bytes;
    if (!message.complete && over) socket.destroy();
    if (message.complete || socket.destroyed) clearInterval(timer);
  }, LOOK_MS);
  timer.unref();
}

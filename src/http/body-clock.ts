import type { IncomingMessage } from 'node:http';

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

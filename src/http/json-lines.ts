import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VigieError } from '../errors.js';

/** The lines of an answer, before their end. */
export interface JsonLines {
  /** Begins the answer with nothing in it yet: for work of which nobody knows when it has something to tell. */
  begin(): void;
  write(line: object): void;
}

/** What the answer goes out through, and what ends the work that it tells of. */
export interface LineCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly signal: AbortSignal;
}

/**
 * Answers in JSON lines: what `act` writes, then its result as `{"result": …}` or what it throws as `{"error": …}`. The
 * answer begins with its first line, so that what fails before has an ordinary status.
 */
export async function answerInLines(
  { request, reply, signal }: LineCall,
  act: (lines: JsonLines) => Promise<unknown>,
): Promise<FastifyReply> {
  const stream = new PassThrough();
  let begun = false;
  const lines: JsonLines = {
    begin() {
      if (!begun) reply.type('application/x-ndjson').send(stream);
      begun = true;
    },
    write(line) {
      lines.begin();
      // A client that went away reads no more; what is under way hears of it through its signal.
      if (!stream.destroyed) stream.write(`${JSON.stringify(line)}\n`);
    },
  };
  try {
    lines.write({ result: await act(lines) });
  } catch (thrown) {
    // Why it was cut off says more than that it was.
    const error = VigieError.from(signal.aborted ? signal.reason : thrown);
    if (!begun) throw error;
    if (error.status >= 500 && !signal.aborted) request.log.error({ err: error }, 'request failed in its answer');
    lines.write({ error: { ...error.toProblem(), requestId: request.id } });
  }
  stream.end();
  return reply;
}

import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** An answer of JSON lines that begins with its first line, so that what fails before has an ordinary status. */
export class JsonLines {
  begun = false;
  readonly #reply: FastifyReply;
  readonly #stream = new PassThrough();

  constructor(reply: FastifyReply) {
    this.#reply = reply;
  }

  write(line: unknown): void {
    if (!this.begun) {
      this.begun = true;
      this.#reply.type('application/x-ndjson').send(this.#stream);
    }
    // A client that went away reads no more; what is under way hears of it through its signal.
    if (!this.#stream.destroyed) this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  end(): void {
    this.#stream.end();
  }
}

/** A receiver of webhooks on loopback, for tests; it answers as it is told. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  /** Path and query of each request. */
  readonly paths: string[] = [];
  answer: Answer;
  readonly #server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      this.received.push({ headers: request.headers, body });
      this.paths.push(request.url ?? '');
      this.answer(response, request);
    });
  });

  private constructor(answer: Answer) {
    this.answer = answer;
  }

  static async open(answer: Answer = (response) => response.writeHead(204).end()): Promise<Receiver> {
    const receiver = new Receiver(answer);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

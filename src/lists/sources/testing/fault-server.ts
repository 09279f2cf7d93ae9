/** A server on loopback that answers as an exchange does, and misbehaves when a test says so. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What goes wrong with one answer. */
export type Fault =
  | { readonly reply: Reply }
  /** The answer ends early, and says so by its length or not. */
  | { readonly cutTo: number; readonly honest: boolean }
  | { readonly change: (reply: Reply) => Reply }
  /** No answer at all. */
  | 'hang'
  /** The connection breaks before an answer. */
  | 'break';

export const FAULTS = {
  html: {
    reply: { status: 200, contentType: 'text/html', body: '<!doctype html><html><body>Sign in</body></html>' },
  },
  htmlUnnamed: {
    reply: { status: 200, contentType: 'application/octet-stream', body: '<html><body>Sign in</body></html>' },
  },
  tooMany: { reply: { status: 429, headers: { 'retry-after': '120' } } },
  broken: { reply: { status: 503 } },
  unauthorised: { reply: { status: 401 } },
  forbidden: { reply: { status: 403 } },
  moved: { reply: { status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } } },
} as const satisfies Record<string, Fault>;

export class FaultServer implements AsyncDisposable {
  /** Every request that came, in order. */
  readonly asked: Asked[] = [];
  /** Says what goes wrong with a request; `count` is the number of those before it. */
  fault: (asked: Asked, count: number) => Fault | undefined = () => undefined;
  /** The clock that the server states, milliseconds since 1970. */
  now: () => number = Date.now;
  readonly #answer: (asked: Asked) => Reply | Promise<Reply>;
  readonly #server = createServer((request, response) => {
    // What a test gets wrong must fail there, not hang here.
    this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  private constructor(answer: (asked: Asked) => Reply | Promise<Reply>) {
    this.#answer = answer;
  }

  static async open(answer: (asked: Asked) => Reply | Promise<Reply>): Promise<FaultServer> {
    const server = new FaultServer(answer);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked: Asked = {
      ...{ method: request.method ?? '', url: new URL(request.url ?? '/', this.origin), headers: request.headers },
      body: Buffer.concat(chunks).toString(),
    };
    const fault = this.fault(asked, this.asked.length);
    this.asked.push(asked);
    if (fault === 'hang') return;
    if (fault === 'break') {
      request.socket.destroy();
      return;
    }
    let reply = fault !== undefined && 'reply' in fault ? fault.reply : await this.#answer(asked);
    if (fault !== undefined && 'change' in fault) reply = fault.change(reply);
    const body = Buffer.from(reply.body ?? '');
    response.writeHead(reply.status, {
      date: new Date(this.now()).toUTCString(),
      ...(reply.contentType !== undefined && { 'content-type': reply.contentType }),
      ...reply.headers,
      'content-length': fault !== undefined && 'cutTo' in fault && fault.honest ? fault.cutTo : body.length,
    });
    if (fault === undefined || !('cutTo' in fault)) {
      response.end(body);
      return;
    }
    const part = body.subarray(0, fault.cutTo);
    if (fault.honest) response.end(part);
    else response.write(part, () => request.socket.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

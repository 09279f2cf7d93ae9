import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GuardedClient } from '../../../net/guarded-client.js';
import type { SourceHouse } from '../source.js';

/** A server on a free port of this machine. */
export interface Loopback extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly address: string;
}

export async function listenOnLoopback(listener: RequestListener): Promise<Loopback> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a source is opened with, where it may ask this machine. */
export function loopbackHouse(now: () => number = Date.now): SourceHouse {
  return { client: new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 20_000 }), now };
}

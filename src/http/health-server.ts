import { createServer, type Server } from 'node:http';
import type { Services } from './services.js';

/** What a process that answers nobody else says of itself: whether it lives, and whether it is ready. */
export function buildHealthServer({ readiness }: { readonly readiness: Services['readiness'] }): Server {
  const server = createServer((request, response) => {
    const [code, answer] = answerTo(request.method ?? '', request.url ?? '', readiness);
    response.writeHead(code, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(code === 503 ? { 'retry-after': '2' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(answer));
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.maxConnections = 64;
  return server;
}

function answerTo(method: string, url: string, readiness: Services['readiness']): [number, object] {
  if (method !== 'GET' && method !== 'HEAD') return [405, { code: 'method-not-allowed' }];
  if (url === '/healthz') return [200, { alive: true }];
  if (url !== '/readyz') return [404, { code: 'not-found' }];
  const { ready, reasons } = readiness();
  return [ready ? 200 : 503, { ready, reasons }];
}

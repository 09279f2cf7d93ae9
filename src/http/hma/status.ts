import { type HmaEndpoint, text } from './hma-endpoint.js';

const ALIVE = 'I-AM-ALIVE';

export const home: HmaEndpoint = {
  method: 'GET',
  url: '/',
  scope: 'public',
  handle: ({ reply }) => {
    reply.header('location', '/status');
    return text('', 302);
  },
};

export const live: HmaEndpoint = { method: 'GET', url: '/status/live', scope: 'public', handle: () => text(ALIVE) };

export const status: HmaEndpoint = {
  method: 'GET',
  url: '/status',
  scope: 'public',
  handle: ({ services }) => {
    if (!services.lists.ready || services.lists.incomplete) return text('INDEX-NOT-LOADED', 503);
    return services.readiness().ready ? text(ALIVE) : text('INDEX-STALE', 503);
  },
};

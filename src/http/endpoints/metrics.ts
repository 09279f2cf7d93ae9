import { endpoint } from '../endpoint.js';

export const metrics = endpoint({
  method: 'GET',
  url: '/metrics',
  scope: 'metrics:read',
  summary: 'The figures of this process for Prometheus; docs/metrics.md describes them',
  produces: 'text/plain',
  handle: async ({ reply, services }) => {
    const text = await services.metrics.render();
    return reply.type(services.metrics.contentType).send(text);
  },
});

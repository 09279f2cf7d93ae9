import { endpoint } from '../endpoint.js';

export const openapiDocument = endpoint({
  method: 'GET',
  url: '/openapi.json',
  scope: 'public',
  summary: 'This document',
  handle: async ({ request, reply }) => {
    return reply.type('application/json').send(JSON.stringify(request.server.swagger()));
  },
});

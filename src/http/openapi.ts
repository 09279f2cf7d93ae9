import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { SCOPES } from '../access/scopes.js';
import { VERSION } from '../engine.js';

/** Describes the routes as OpenAPI 3.1, from the schemas that validate them. */
export async function describeApi(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Vigie',
        version: VERSION,
        description: 'Recognises known child sexual abuse material by its fingerprints.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: `A key with the scope that the operation names.\n\n${Object.entries(SCOPES)
              .map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`)
              .join('\n')}`,
          },
        },
      },
    },
    transform: jsonSchemaTransform,
  });
}

import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { SCOPES } from '../access/scopes.js';
import { VERSION } from '../engine.js';
import { type Endpoint, problemSchema } from './endpoint.js';
import { ENDPOINTS } from './endpoints.js';

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
          member: {
            type: 'http',
            scheme: 'basic',
            description: 'The name and the key of a member to whom lists are published; or the key as a bearer token.',
          },
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
    transform: (document) => {
      const { schema, url } = jsonSchemaTransform(document);
      const { consumes } = document.route.config ?? {};
      return { schema: consumes === undefined ? schema : { ...schema, body: contentOf(consumes) }, url };
    },
  });
}

/** A route without what it does: how it is reached, and what it takes and gives. */
export function describeRoute(each: Endpoint) {
  const { method, url, scope, summary, description, params, query, body, consumes, answer, produces, status } = each;
  return {
    ...{ method, url, config: { scope, consumes } },
    schema: {
      summary,
      ...(description === undefined ? {} : { description }),
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined ? {} : { body }),
      ...(produces === undefined ? {} : { produces: [produces] }),
      security: securityOf(scope),
      response: {
        ...(answer === undefined ? {} : { [status ?? 200]: answer }),
        default: problemSchema,
      },
    },
  };
}

/** The document that the service gives at `/openapi.json`, without a service. */
export async function apiDocument(): Promise<ReturnType<FastifyInstance['swagger']>> {
  const server = Fastify();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  await describeApi(server);
  for (const each of ENDPOINTS) server.route({ ...describeRoute(each), handler: async () => undefined });
  await server.ready();
  return server.swagger();
}

function securityOf(scope: Endpoint['scope']): Record<string, string[]>[] {
  if (scope === 'public') return [];
  return [scope === 'member' ? { member: [] } : { key: [scope] }];
}

/** A body that no validator sees, because its handler reads it by itself. */
function contentOf(consumes: Readonly<Record<string, z.ZodType>>): object {
  const content = Object.entries(consumes).map(([type, schema]) => {
    const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
    return [type, { schema: json }];
  });
  return { content: Object.fromEntries(content) };
}

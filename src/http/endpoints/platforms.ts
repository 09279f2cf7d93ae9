import { z } from 'zod';
import type { ShownPlatform } from '../../platforms/platforms.js';
import { endpoint } from '../endpoint.js';
import { credentialsSchema, factsSchema, kindShape, settingsSchemaOf, tryOutSchemaOf } from '../kind-shapes.js';
import { listNameSchema } from '../schemas.js';

const platformNameSchema = listNameSchema;
const byName = z.object({ name: platformNameSchema });

const platformSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  title: z.string(),
  state: z.enum(['new', 'connected', 'failing', 'refused', 'disabled']),
  enabled: z.boolean(),
  dryRun: z.boolean().describe('What would be done there is written down and not sent.'),
  settings: z.unknown().describe('Credentials are never shown.'),
  node: z.string().nullable().describe('The process that holds its connection just now.'),
  connected: z.string().nullable().describe('When its connection was made.'),
  heard: z.string().nullable().describe('When it last told something.'),
  next: z.string().describe('When a connection that is not there is made again.'),
  error: z.string().nullable().describe('Code of the error that ended the last connection.'),
  failures: z.number().int().describe('Connections that failed since the last that did not.'),
  createdBy: z.string(),
  created: z.string(),
});

function present(platform: ShownPlatform): z.output<typeof platformSchema> {
  const { id, name, kind, title, state, enabled, dryRun, settings, heldBy, lastError, failures } = platform;
  return {
    ...{ id, name, kind, title, state, enabled, dryRun, settings },
    node: heldBy?.slice(0, heldBy.lastIndexOf('/')) ?? null,
    connected: platform.connectedAt?.toISOString() ?? null,
    heard: platform.heardAt?.toISOString() ?? null,
    next: platform.nextAt.toISOString(),
    ...{ error: lastError, failures, createdBy: platform.createdBy },
    created: platform.createdAt.toISOString(),
  };
}

const settingsSchema = settingsSchemaOf('/v1/platform-kinds');
const dryRunSchema = z.boolean().describe('True: what would be done there is written down and not sent.');

export const listPlatformKinds = endpoint({
  method: 'GET',
  url: '/v1/platform-kinds',
  scope: 'platforms:read',
  summary: 'Kinds of platforms, with JSON schemas of their settings and credentials',
  answer: z.object({
    kinds: z.array(z.object(kindShape)),
  }),
  handle: async ({ services }) => ({ kinds: [...services.platforms.kinds()] }),
});

export const listPlatforms = endpoint({
  method: 'GET',
  url: '/v1/platforms',
  scope: 'platforms:read',
  summary: 'All platforms that are connected, with their state',
  answer: z.object({ platforms: z.array(platformSchema) }),
  handle: async ({ services }) => ({ platforms: (await services.platforms.ls()).map(present) }),
});

export const getPlatform = endpoint({
  method: 'GET',
  url: '/v1/platforms/:name',
  scope: 'platforms:read',
  summary: 'One platform',
  params: byName,
  answer: platformSchema,
  handle: async ({ params, services }) => present(await services.platforms.show(params.name)),
});

export const addPlatform = endpoint({
  method: 'POST',
  url: '/v1/platforms',
  scope: 'platforms:write',
  summary: 'Connect a platform; nothing is done on it until dry run is switched off',
  body: z
    .object({
      name: platformNameSchema.describe('Items that come from it bear this as their platform.'),
      kind: z.string().max(64),
      settings: settingsSchema.default({}),
      credentials: credentialsSchema.optional(),
      dryRun: dryRunSchema.default(true),
    })
    .strict(),
  answer: platformSchema,
  status: 201,
  handle: async ({ body, principal, services }) => present(await services.platforms.add(body, principal.id)),
});

export const tryOutPlatform = endpoint({
  method: 'POST',
  url: '/v1/platforms/try',
  scope: 'platforms:write',
  summary: 'Test a connection before it is added',
  description: 'Fails with the error for which the platform cannot be used.',
  body: tryOutSchemaOf('/v1/platform-kinds'),
  answer: factsSchema,
  handle: async ({ body, signal, services }) => ({ facts: { ...(await services.platforms.tryOut(body, signal)) } }),
});

export const testPlatform = endpoint({
  method: 'POST',
  url: '/v1/platforms/:name/test',
  scope: 'platforms:write',
  summary: 'Test the connection to a platform',
  description: 'Fails with the error for which the platform cannot be used.',
  params: byName,
  answer: factsSchema,
  handle: async ({ params, signal, services }) => ({
    facts: { ...(await services.platforms.test(params.name, signal)) },
  }),
});

export const changePlatform = endpoint({
  method: 'PUT',
  url: '/v1/platforms/:name',
  scope: 'platforms:write',
  summary: 'Change the settings or credentials of a platform, switch it or its dry run off or on',
  params: byName,
  body: z
    .object({
      settings: settingsSchema.optional(),
      credentials: credentialsSchema.optional(),
      enabled: z.boolean().optional(),
      dryRun: dryRunSchema.optional(),
    })
    .strict(),
  answer: platformSchema,
  handle: async ({ params, body, principal, services }) => {
    const { settings, credentials, enabled, dryRun } = body;
    const changes = {
      ...(settings === undefined ? {} : { settings }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(dryRun === undefined ? {} : { dryRun }),
    };
    return present(await services.platforms.change(params.name, changes, principal.id));
  },
});

export const removePlatform = endpoint({
  method: 'DELETE',
  url: '/v1/platforms/:name',
  scope: 'platforms:write',
  summary: 'Disconnect a platform and forget its credentials; what was taken in from it stays',
  params: byName,
  answer: z.object({ removed: z.literal(true) }),
  handle: async ({ params, principal, services }) => {
    await services.platforms.remove(params.name, principal.id);
    return { removed: true as const };
  },
});

const SPANS = [
  ['day', 24],
  ['week', 168],
] as const;

const seconds = z.number().nullable().describe('Seconds; null when nothing went that way.');
const stageSchema = z.object({ count: z.number().int(), p50: seconds, p99: seconds });

export const platformTimes = endpoint({
  method: 'GET',
  url: '/v1/platforms/:name/times',
  scope: 'platforms:read',
  summary: 'How long it took from a shared item to its confirmed removal, of the last day and week',
  description:
    'Of removals that rules have ordered and the platform confirmed, the latest 100,000 at the most: what half, and what all but one in a hundred, took. Acts of people, dry runs and what was gone already do not count.',
  params: byName,
  answer: z.object({
    spans: z.array(
      z.object({
        span: z.enum(['day', 'week']),
        stages: z
          .object({ fetch: stageSchema, verdict: stageSchema, order: stageSchema, confirm: stageSchema })
          .describe('From seen to fetched, to the verdict, to the order, to the confirmation.'),
        whole: stageSchema.describe('From seen to confirmed.'),
      }),
    ),
  }),
  handle: async ({ params, services }) => {
    const { name } = await services.platforms.show(params.name);
    const spans = [];
    for (const [span, hours] of SPANS) {
      const { whole, ...stages } = await services.enforcement.removalTimes(name, hours);
      spans.push({ span, stages, whole });
    }
    return { spans };
  },
});

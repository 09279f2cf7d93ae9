import { z } from 'zod';
import type { ShownSource } from '../../lists/sync/sources.js';
import { endpoint } from '../endpoint.js';
import { credentialsSchema, factsSchema, kindShape, settingsSchemaOf, tryOutSchemaOf } from '../kind-shapes.js';
import { listNameSchema } from '../schemas.js';

const sourceNameSchema = listNameSchema;
const byName = z.object({ name: sourceNameSchema });

const heldSchema = z.object({
  id: z.string(),
  since: z.string(),
  removed: z.number().int().describe('Entries that it would remove, with what it has removed lately.'),
  entries: z.number().int().describe('Entries that the list had.'),
  decision: z.enum(['waiting', 'approved', 'refused']),
  by: z.string().nullable(),
});

const sourceSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  title: z.string(),
  list: z.string().nullable(),
  state: z.enum(['new', 'up-to-date', 'behind', 'refused', 'failing', 'stale', 'held', 'disabled']),
  syncing: z.boolean().describe('Whether a process syncs it just now.'),
  enabled: z.boolean(),
  settings: z.unknown().describe('Credentials are never shown.'),
  everySeconds: z.number().int(),
  holdPercent: z.number().int(),
  next: z.string(),
  tried: z.string().nullable(),
  synced: z.string().nullable().describe('When it last had told everything.'),
  changed: z.string().nullable().describe('When it last told something new.'),
  error: z.string().nullable().describe('Code of the error of the last attempt.'),
  failures: z.number().int().describe('Attempts that failed since the last that did not.'),
  counts: z.object({
    added: z.number(),
    changed: z.number(),
    removed: z.number(),
    returned: z.number(),
    setAside: z.number(),
  }),
  setAside: z
    .record(z.string(), z.object({ count: z.number(), where: z.array(z.string()).readonly() }))
    .describe('Records that could not be used, by reason: how many, and the last of them.'),
  unused: z
    .record(z.string(), z.number())
    .describe(
      'Signals of types that are not known here, by the name that the source has for each: how many were told.',
    ),
  held: heldSchema.nullable(),
  createdBy: z.string(),
  created: z.string(),
});

function present(source: ShownSource): z.output<typeof sourceSchema> {
  const { id, name, kind, title, listName, state, syncing, enabled, settings, everySeconds, holdPercent } = source;
  const { nextAt, triedAt, syncedAt, changedAt, lastError, failures, counts, setAside, unused, held } = source;
  return {
    ...{ id, name, kind, title, list: listName, state, syncing, enabled, settings, everySeconds, holdPercent },
    next: nextAt.toISOString(),
    tried: triedAt?.toISOString() ?? null,
    synced: syncedAt?.toISOString() ?? null,
    changed: changedAt?.toISOString() ?? null,
    ...{ error: lastError, failures, counts, setAside, unused, held: held ?? null },
    createdBy: source.createdBy,
    created: source.createdAt.toISOString(),
  };
}

const everySecondsSchema = z
  .number()
  .int()
  .min(5)
  .max(31 * 86_400)
  .describe('Seconds between two syncs.');
const holdPercentSchema = z
  .number()
  .int()
  .min(0)
  .max(100)
  .describe('A sync that would remove more of the list than so many percent waits for a person.');
const settingsSchema = settingsSchemaOf('/v1/source-kinds');

export const listSourceKinds = endpoint({
  method: 'GET',
  url: '/v1/source-kinds',
  scope: 'lists:read',
  summary: 'Kinds of sources, with JSON schemas of their settings and credentials',
  answer: z.object({
    kinds: z.array(
      z.object({
        ...kindShape,
        everySeconds: z.number(),
        staleSeconds: z.number().nullable().describe('Nothing new for so long is an alarm.'),
      }),
    ),
  }),
  handle: async ({ services }) => ({ kinds: [...services.sources.kinds()] }),
});

export const listSources = endpoint({
  method: 'GET',
  url: '/v1/sources',
  scope: 'lists:read',
  summary: 'All sources with their state',
  answer: z.object({ sources: z.array(sourceSchema) }),
  handle: async ({ services }) => ({ sources: (await services.sources.ls()).map(present) }),
});

export const getSource = endpoint({
  method: 'GET',
  url: '/v1/sources/:name',
  scope: 'lists:read',
  summary: 'One source',
  params: byName,
  answer: sourceSchema,
  handle: async ({ params, services }) => present(await services.sources.show(params.name)),
});

export const addSource = endpoint({
  method: 'POST',
  url: '/v1/sources',
  scope: 'sources:write',
  summary: 'Add a source of a list; its first sync begins at once',
  body: z
    .object({
      name: sourceNameSchema,
      kind: z.string().max(64),
      list: listNameSchema.optional().describe('Made when there is none; named as the source if absent.'),
      settings: settingsSchema.default({}),
      credentials: credentialsSchema.optional(),
      everySeconds: everySecondsSchema.optional(),
      holdPercent: holdPercentSchema.optional(),
    })
    .strict(),
  answer: sourceSchema,
  status: 201,
  handle: async ({ body, principal, services }) => present(await services.sources.add(body, principal.id)),
});

export const tryOutSource = endpoint({
  method: 'POST',
  url: '/v1/sources/try',
  scope: 'sources:write',
  summary: 'Test a connection before it is added',
  description: 'Fails with the error for which the source cannot be used.',
  body: tryOutSchemaOf('/v1/source-kinds'),
  answer: factsSchema,
  handle: async ({ body, signal, services }) => ({ facts: { ...(await services.sources.tryOut(body, signal)) } }),
});

export const testSource = endpoint({
  method: 'POST',
  url: '/v1/sources/:name/test',
  scope: 'sources:write',
  summary: 'Test the connection to a source',
  description: 'Fails with the error for which the source cannot be used.',
  params: byName,
  answer: factsSchema,
  handle: async ({ params, signal, services }) => ({
    facts: { ...(await services.sources.test(params.name, signal)) },
  }),
});

export const changeSource = endpoint({
  method: 'PUT',
  url: '/v1/sources/:name',
  scope: 'sources:write',
  summary: 'Change the settings or credentials of a source, switch it off or on',
  params: byName,
  body: z
    .object({
      settings: settingsSchema.optional(),
      credentials: credentialsSchema.optional(),
      everySeconds: everySecondsSchema.optional(),
      holdPercent: holdPercentSchema.optional(),
      enabled: z.boolean().optional(),
    })
    .strict(),
  answer: sourceSchema,
  handle: async ({ params, body, principal, services }) => {
    const { settings, credentials, everySeconds, holdPercent, enabled } = body;
    const changes = {
      ...(settings === undefined ? {} : { settings }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(everySeconds === undefined ? {} : { everySeconds }),
      ...(holdPercent === undefined ? {} : { holdPercent }),
      ...(enabled === undefined ? {} : { enabled }),
    };
    return present(await services.sources.change(params.name, changes, principal.id));
  },
});

export const syncSource = endpoint({
  method: 'POST',
  url: '/v1/sources/:name/sync',
  scope: 'sources:write',
  summary: 'Sync a source now',
  params: byName,
  answer: z.object({ asked: z.literal(true) }),
  status: 202,
  handle: async ({ params, principal, services }) => {
    await services.sources.syncNow(params.name, principal.id);
    return { asked: true as const };
  },
});

export const approveHeldChange = decision('approve', 'approved', 'Let a held change of a source take effect');
export const refuseHeldChange = decision('refuse', 'refused', 'Leave the list as it is, whatever its source removes');

export const removeSource = endpoint({
  method: 'DELETE',
  url: '/v1/sources/:name',
  scope: 'sources:write',
  summary: 'Remove a source with its credentials; its list stays unless said otherwise',
  params: byName,
  query: z.object({ withList: z.stringbool().default(false).describe('Remove its list too.') }),
  answer: z.object({ removed: z.literal(true) }),
  handle: async ({ params, query, principal, services }) => {
    await services.sources.remove(params.name, { withList: query.withList }, principal.id);
    return { removed: true as const };
  },
});

function decision(verb: string, decided: 'approved' | 'refused', summary: string) {
  return endpoint({
    method: 'POST',
    url: `/v1/sources/:name/${verb}`,
    scope: 'sources:write',
    summary,
    params: byName,
    body: z
      .object({
        held: z.string().max(64).optional().describe('Id of the change that was looked at; whichever waits if absent.'),
      })
      .strict(),
    answer: sourceSchema,
    handle: async ({ params, body, principal, services }) =>
      present(await services.sources.decide(params.name, decided, principal.id, body.held)),
  });
}

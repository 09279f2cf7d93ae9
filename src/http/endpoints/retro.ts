import { z } from 'zod';
import type { RetroRun } from '../../storage/retro/retro-run-store.js';
import { endpoint } from '../endpoint.js';

const runSchema = z.object({
  id: z.string(),
  node: z.string(),
  list: z.string(),
  from: z.number().int().nullable().describe('Entries that this version did not have are tried; null: all of them.'),
  to: z.number().int(),
  cause: z.enum(['baseline', 'published', 'asked', 'restored']),
  state: z.enum(['waiting', 'running', 'done', 'stopped']),
  entries: z.number().int(),
  files: z.number().int(),
  filesDone: z.number().int(),
  records: z.number().int(),
  hashes: z.number().int(),
  finds: z.number().int(),
  damaged: z.number().int().describe('Places of seen records that were changed since, or cannot be read here.'),
  lastError: z.string().nullable(),
  created: z.string(),
  started: z.string().nullable(),
  finished: z.string().nullable(),
});

const present = (run: RetroRun) => ({
  ...{ id: run.id, node: run.node, list: run.list, from: run.fromVersion, to: run.toVersion, cause: run.cause },
  ...{ state: run.state, entries: run.entries, files: run.files, filesDone: run.filesDone, records: run.records },
  ...{ hashes: run.hashes, finds: run.finds, damaged: run.damaged, lastError: run.lastError },
  created: run.createdAt.toISOString(),
  started: run.startedAt?.toISOString() ?? null,
  finished: run.finishedAt?.toISOString() ?? null,
});

const ofList = z.object({ list: z.string().max(64) }).strict();

export const listRetro = endpoint({
  method: 'GET',
  url: '/v1/retro',
  scope: 'lists:read',
  summary: 'How new entries are tried against what was seen before, on each node',
  query: z.object({
    list: z.string().max(64).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  answer: z.object({ runs: z.array(runSchema) }),
  handle: async ({ query: { list, limit }, services }) => ({
    runs: (await services.retro.ls(limit, list)).map(present),
  }),
});

export const runRetro = endpoint({
  method: 'POST',
  url: '/v1/retro/run',
  scope: 'lists:write',
  summary: 'Try all entries of a list against all that was seen, on every node',
  description: 'New entries are tried by themselves; this is for what no version tells, such as a larger radius.',
  body: ofList,
  answer: z.object({ nodes: z.number().int() }),
  handle: async ({ body, principal, services }) => ({ nodes: await services.retro.ask(body.list, principal.id) }),
});

export const stopRetro = endpoint({
  method: 'POST',
  url: '/v1/retro/stop',
  scope: 'lists:write',
  summary: 'End what waits or is under way for a list; what was found stays',
  body: ofList,
  answer: z.object({ runs: z.number().int() }),
  handle: async ({ body, principal, services }) => ({ runs: await services.retro.stop(body.list, principal.id) }),
});

const detailSchema = z.object({
  grade: z.string().nullable(),
  signal: z.string(),
  distance: z.number(),
  view: z.string(),
  quality: z.number().nullable(),
  extent: z.enum(['full', 'partial']),
  across: z.enum(['same-kind', 'frame-of-video', 'picture-in-video']),
  hashesMatched: z.number().int(),
  hashingRevision: z.number().int(),
});

const findSchema = z.object({
  id: z.string(),
  run: z.string(),
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  outcome: z.enum(['told', 'shadow', 'held']),
  item: z.string().nullable(),
  platform: z.string().nullable(),
  platformId: z.string().nullable(),
  medium: z.number().int().nullable().describe('Ordinal of the medium in its item.'),
  itemRef: z.string().nullable(),
  sha256: z.string().nullable().describe('Of the medium; null once what is kept of its subject was erased.'),
  match: detailSchema.partial().describe('Distance and view need `matches:detail`.'),
  seen: z.string(),
  found: z.string(),
});

export const listRetroFinds = endpoint({
  method: 'GET',
  url: '/v1/retro/finds',
  scope: 'items:read',
  summary: 'Media that were looked at before and match entries that came later',
  query: z.object({
    list: z.string().max(64).optional(),
    item: z.string().max(64).optional(),
    itemRef: z.string().max(128).optional().describe('What its sender called the medium.'),
    outcome: z
      .enum(['told', 'shadow', 'held'])
      .optional()
      .describe('`shadow`: of a list that is tried out; `held`: one of too many of one entry, told by their number.'),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  answer: z.object({ finds: z.array(findSchema) }),
  handle: async ({ query, principal, services }) => ({
    finds: (await services.retro.finds(query)).map(({ runId, listId: _listId, detail, seenAt, foundAt, ...find }) => {
      const { distance, view, ...match } = detailSchema.parse(detail);
      return {
        ...find,
        run: runId,
        match: { ...match, ...(principal.scopes.has('matches:detail') ? { distance, view } : {}) },
        seen: seenAt.toISOString(),
        found: foundAt.toISOString(),
      };
    }),
  }),
});

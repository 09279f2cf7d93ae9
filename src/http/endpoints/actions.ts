import { z } from 'zod';
import { ACTS } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import type { ShownAction } from '../../storage/enforcement/action-store.js';
import { endpoint } from '../endpoint.js';

const STATES = ['proposed', 'ordered', 'confirmed', 'dropped', 'failed', 'given-up', 'refused'] as const;

const time = z.string().nullable();

const actionSchema = z.object({
  id: z.string(),
  act: z.string(),
  platform: z.string(),
  subject: z.object({ kind: z.enum(['item', 'account', 'room']), id: z.string() }),
  item: z.string().nullable(),
  verdict: z.string().nullable(),
  case: z.string().nullable(),
  list: z.string().nullable().describe('Id of the list of the entry that it rests on.'),
  listName: z.string().nullable().describe('Null too when the list is gone.'),
  entry: z.string().nullable(),
  rule: z.string(),
  policyVersion: z.number().int().nullable(),
  reason: z.string(),
  state: z.enum(STATES),
  heldBy: z.string().nullable().describe('What keeps it waiting for a person.'),
  dryRun: z.boolean().describe('It was written down and not sent.'),
  outcome: z.string().nullable().describe('What the platform said, why it was dropped, or the code of an error.'),
  undoes: z.string().nullable(),
  undoneBy: z.string().nullable().describe('The action that takes it back.'),
  attempts: z.number().int().nullable(),
  next: time.describe('When it is tried next.'),
  lastError: z.string().nullable(),
  seen: time,
  fetched: time,
  judged: time,
  proposed: z.string(),
  ordered: time,
  orderedBy: z.string().nullable().describe('`policy`, or who answers for it.'),
  ended: time,
});

function present(action: ShownAction): z.output<typeof actionSchema> {
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  const { id, act, platform, rule, reason, state, outcome, undoes, attempts } = action;
  return {
    ...{ id, act, platform, rule, reason, state, outcome, undoes, attempts },
    subject: { kind: action.subject_kind, id: action.subject_id },
    ...{ item: action.item_id, verdict: action.verdict_id, case: action.case_id },
    ...{ list: action.list_id, listName: action.list_name, entry: action.entry_id },
    policyVersion: action.policy_version,
    ...{ heldBy: action.held_by, dryRun: action.dry_run, undoneBy: action.undone_by },
    next: state === 'ordered' ? iso(action.next_at) : null,
    lastError: action.last_error,
    ...{ seen: iso(action.seen_at), fetched: iso(action.fetched_at), judged: iso(action.verdict_at) },
    ...{ proposed: action.proposed_at.toISOString(), ordered: iso(action.ordered_at) },
    ...{ orderedBy: action.ordered_by, ended: iso(action.ended_at) },
  };
}

const byId = z.object({ id: z.string().max(64) });
const withReason = z.object({ reason: z.string().trim().min(1).max(1_000) }).strict();
const consequencesSchema = z.object({
  ordered: z.number().int().describe('Acts that were ordered.'),
  dropped: z.number().int().describe('What waited and is not wanted any more.'),
});

export const listActions = endpoint({
  method: 'GET',
  url: '/v1/actions',
  scope: 'enforcement:read',
  summary: 'What was done on platforms, is to be done, or was kept from being done; newest first',
  query: z.object({
    state: z
      .enum(['open', ...STATES])
      .optional()
      .describe('`open`: what waits for a person, a platform, or a decision on its failure.'),
    platform: z.string().max(64).optional(),
    heldBy: z.string().max(32).optional(),
    item: z.string().max(64).optional(),
    act: z.enum(ACTS).optional(),
    case: z.string().max(64).optional().describe('Those of a case.'),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    before: z.string().max(64).optional().describe('`next` of the page before.'),
  }),
  answer: z.object({ actions: z.array(actionSchema), next: z.string().nullable() }),
  handle: async ({ query: { before, item, case: caseId, limit, ...rest }, services }) => {
    const { enforcer } = services.enforcement;
    if (before !== undefined) await enforcer.show(before);
    const actions = await enforcer.ls({ ...rest, itemId: item, caseId, limit, before });
    const next = actions.length === limit ? (actions.at(-1)?.id ?? null) : null;
    return { actions: actions.map(present), next };
  },
});

export const getAction = endpoint({
  method: 'GET',
  url: '/v1/actions/:id',
  scope: 'enforcement:read',
  summary: 'One action, with how its delivery stands',
  params: byId,
  answer: actionSchema,
  handle: async ({ params, services }) => present(await services.enforcement.enforcer.show(params.id)),
});

export const approveAction = endpoint({
  method: 'POST',
  url: '/v1/actions/:id/approve',
  scope: 'enforcement:act',
  summary: 'Order what waits for a person',
  params: byId,
  body: withReason,
  answer: actionSchema,
  handle: async ({ params, body, principal, services }) =>
    present(await services.enforcement.enforcer.approve(params.id, principal.id, body.reason)),
});

export const refuseAction = endpoint({
  method: 'POST',
  url: '/v1/actions/:id/refuse',
  scope: 'enforcement:act',
  summary: 'Refuse what waits for a person',
  params: byId,
  body: withReason,
  answer: actionSchema,
  handle: async ({ params, body, principal, services }) =>
    present(await services.enforcement.enforcer.refuse(params.id, principal.id, body.reason)),
});

export const retryAction = endpoint({
  method: 'POST',
  url: '/v1/actions/:id/retry',
  scope: 'enforcement:act',
  summary: 'Try what has failed, or waits for its next attempt, now and with all its attempts again',
  params: byId,
  answer: actionSchema,
  handle: async ({ params, principal, services }) =>
    present(await services.enforcement.enforcer.retry(params.id, principal.id)),
});

export const confirmAction = endpoint({
  method: 'POST',
  url: '/v1/actions/:id/confirm',
  scope: 'actions:confirm',
  summary: 'Say for a platform what became of an order that it had accepted',
  description:
    'For platforms of the kind `webhook` that are set to confirm later. The same again gives the same answer. An order that was not confirmed in time is sent again, and fails when it never is.',
  params: byId,
  body: z.object({ outcome: z.enum(['done', 'already', 'refused']) }).strict(),
  answer: z.object({ id: z.string(), state: z.enum(STATES), outcome: z.string().nullable() }),
  handle: async ({ params, body, services }) => {
    const { enforcer } = services.enforcement;
    const { platform } = await enforcer.show(params.id);
    if (!(await services.platforms.confirmsLater(platform))) throw new VigieError('act-not-awaited');
    const { id, state, outcome } = await enforcer.confirm(params.id, body.outcome);
    return { id, state, outcome };
  },
});

export const giveUpAction = endpoint({
  method: 'POST',
  url: '/v1/actions/:id/give-up',
  scope: 'enforcement:act',
  summary: 'Give up what has failed, or waits for its next attempt',
  params: byId,
  body: withReason,
  answer: actionSchema,
  handle: async ({ params, body, principal, services }) =>
    present(await services.enforcement.enforcer.giveUp(params.id, principal.id, body.reason)),
});

export const undoAction = endpoint({
  method: 'POST',
  url: '/v1/actions/:id/undo',
  scope: 'enforcement:act',
  summary: 'Undo an action and those on copies of its item',
  description:
    'What waits is dropped, what was done is restored where the platform can, else its author is told. The entry that it rests on is disputed.',
  params: byId,
  body: withReason.extend({ dispute: z.boolean().default(true) }),
  answer: consequencesSchema,
  handle: async ({ params, body, principal, services }) =>
    await services.enforcement.decisions.undoAction(params.id, { ...body, by: principal.id }),
});

export const undoEntry = endpoint({
  method: 'POST',
  url: '/v1/actions/undo-entry',
  scope: 'enforcement:act',
  summary: 'Undo everything that rests on an entry, which is disputed',
  body: withReason.extend({
    list: z.string().max(64).describe('Id of the list, as actions and attentions name it.'),
    entry: z.string().max(512),
  }),
  answer: consequencesSchema,
  handle: async ({ body: { list, entry, reason }, principal, services }) =>
    await services.enforcement.decisions.undoEntry({ listId: list, entryId: entry }, { reason, by: principal.id }),
});

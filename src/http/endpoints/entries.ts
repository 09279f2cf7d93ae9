import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { type Entry, OPINION_LIMIT } from '../../index/entry.js';
import { derivedId } from '../../lists/admit.js';
import type { StatusChange } from '../../lists/entry-statuses.js';
import type { ShownEntry } from '../../lists/show-entry.js';
import { signalType } from '../../signals/signal-types.js';
import type { MemberOpinion } from '../../storage/publishing/opinion-store.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { listNameSchema, signalTypeSchema } from '../schemas.js';
import type { Services } from '../services.js';

const AT_ONCE = 1_000;

const entryIdSchema = z.string().min(1).max(512);
const oneEntry = z.object({ name: listNameSchema, entry: entryIdSchema });

const newSignal = z
  .object({
    type: signalTypeSchema,
    value: z.string().max(1_024),
    quality: z.number().int().min(0).max(100).optional().describe('PDQ quality, when it is known.'),
  })
  .strict();

/** An entry as it is written by hand. */
export const newEntry = z
  .object({
    id: entryIdSchema.optional().describe('Derived from the signals if absent.'),
    grade: z.string().max(64).optional(),
    kind: z.string().max(64).optional(),
    added: z.iso.datetime({ offset: true }).optional(),
    comment: z.string().max(1_024).optional(),
    member: z.string().min(1).max(64).optional().describe('Who gave it to the exchange.'),
    opinions: z
      .array(z.object({ member: z.string().min(1).max(64), affirmative: z.boolean() }).strict())
      .max(OPINION_LIMIT)
      .optional()
      .describe('What members think of it; one each.'),
    signals: z.array(newSignal).min(1).max(100),
  })
  .strict();

export const addEntries = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/entries',
  scope: 'entries:write',
  summary: 'Add entries to a list; they match when this answers',
  description:
    'An entry with the id of one that is there takes its place. One wrong entry, and nothing is added. To a list that ' +
    'wants two persons entries are proposed: `POST /v1/lists/:name/proposals`.',
  params: z.object({ name: listNameSchema }),
  body: z.object({ entries: z.array(newEntry).min(1).max(AT_ONCE) }).strict(),
  answer: z.object({ version: z.number().int(), ids: z.array(z.string()) }),
  status: 201,
  handle: async ({ params, body, services }) => {
    const entries = body.entries.map(toEntry);
    const { version } = await services.lists.addEntries(params.name, entries);
    return { version, ids: entries.map(({ id }) => id) };
  },
});

export const getEntry = endpoint({
  method: 'GET',
  url: '/v1/lists/:name/entries/:entry',
  scope: 'entries:read',
  summary: 'One entry with its fingerprints; each such look is recorded',
  params: oneEntry,
  answer: z.object({
    id: z.string(),
    grade: z.string().nullable(),
    kind: z.string().nullable(),
    text: z.string().nullable().describe('The URL or keyword, for an entry of such a list.'),
    overlook: z.string().nullable().describe('What of its writing is overlooked, for a keyword.'),
    added: z.string().nullable(),
    comment: z.string().nullable(),
    until: z.string().nullable().describe('It ends by itself then, or has ended.'),
    member: z.string().nullable(),
    opinions: z
      .array(z.object({ member: z.string(), affirmative: z.boolean() }))
      .readonly()
      .describe('As its source brings them along.'),
    memberOpinions: z
      .array(
        z.object({
          member: z.string().describe('Id of a member of ours.'),
          affirmative: z.boolean(),
          signal: z.string(),
          reason: z.string().nullable(),
          at: z.string(),
        }),
      )
      .describe('What members think to whom the list is published, oldest first.'),
    status: z.string().describe('Withdrawn or inactive as soon as one of the statuses is.'),
    reason: z.string().nullable(),
    changed: z.string().nullable(),
    statuses: z
      .array(
        z.object({
          origin: z.string().describe('Who says so: person, source, quarantine or rule.'),
          status: z.string(),
          reason: z.string().nullable(),
          by: z.string().nullable(),
          at: z.string(),
        }),
      )
      .describe('What each origin says; the entry matches as long as none says withdrawn or inactive.'),
    signals: z.array(
      z.object({
        type: signalTypeSchema,
        value: z.string(),
        quality: z.number().nullable(),
        active: z.boolean(),
        derived: z.boolean().describe('Made here from a confirmed medium; the source does not have it.'),
      }),
    ),
  }),
  handle: async ({ params, services }) => {
    const shown = await services.lists.entry(params.name, params.entry);
    const { name, entry } = params;
    await services.audit.note({ kind: 'entry.viewed', subject: 'service', refs: { list: name }, payload: { entry } });
    return present(shown, await services.publishing.opinionsOf(name, entry));
  },
});

const withReason = z.object({ reason: z.string().trim().min(1).max(500) });
const restoring = withReason.extend({
  overrule: z
    .boolean()
    .optional()
    .describe('Also where the source of the list has removed it; else that is `entry-removed-by-source`.'),
});

export const withdrawEntry = statusEndpoint('withdraw', 'An entry stops matching, at once', 'withdraw');
export const restoreEntry = statusEndpoint('restore', 'A withdrawn or disputed entry matches again', 'restore');
export const disputeEntry = statusEndpoint('dispute', 'Note a doubt about an entry; it goes on matching', 'dispute');

function statusEndpoint(verb: string, summary: string, act: 'withdraw' | 'restore' | 'dispute'): Endpoint {
  return endpoint({
    method: 'POST',
    url: `/v1/lists/:name/entries/:entry/${verb}`,
    scope: 'entries:write',
    summary,
    params: oneEntry,
    body: (act === 'restore' ? restoring : withReason).strict(),
    answer: z.object({ entry: z.string(), status: z.enum(['active', 'withdrawn', 'disputed']) }),
    handle: async ({ params, body, principal, services }) => {
      const { overrule = false } = body as z.output<typeof restoring>;
      const change: StatusChange = { reason: body.reason, by: principal.id, overrule };
      await changeStatus(services, act, params, change);
      return { entry: params.entry, status: STATUS[act] };
    },
  });
}

const STATUS = { withdraw: 'withdrawn', restore: 'active', dispute: 'disputed' } as const;

async function changeStatus(
  { lists }: Services,
  act: keyof typeof STATUS,
  { name, entry }: { readonly name: string; readonly entry: string },
  change: StatusChange,
): Promise<void> {
  if (act === 'withdraw') await lists.withdraw(name, entry, change);
  else if (act === 'restore') await lists.restore(name, entry, change);
  else await lists.dispute(name, entry, change);
}

/** @param index its number among several, from 0 @throws VigieError `signal-invalid` naming the entry by its number, counted from 1 */
export function toEntry({ id, added, signals, ...rest }: z.output<typeof newEntry>, index: number): Entry {
  const values = signals.map(({ type, value, quality }) => {
    try {
      return {
        type,
        value: signalType(type).parse(value),
        active: true,
        ...(quality === undefined ? {} : { quality }),
      };
    } catch (cause) {
      throw new VigieError('signal-invalid', { detail: `entry ${index + 1}: ${type}`, cause });
    }
  });
  const { grade, kind, comment, member, opinions } = rest;
  return {
    id: id ?? derivedId(values),
    signals: values,
    ...(added === undefined ? {} : { added: Date.parse(added) }),
    ...(grade === undefined ? {} : { grade }),
    ...(kind === undefined ? {} : { kind }),
    ...(comment === undefined ? {} : { comment }),
    ...(member === undefined ? {} : { member }),
    ...(opinions === undefined ? {} : { opinions }),
  };
}

/** Of what all origins say that which decides: what keeps it from matching, else what was said last. */
function deciding(statuses: ShownEntry['statuses']): ShownEntry['statuses'][number] | undefined {
  const latest = [...statuses].sort((a, b) => b.at.getTime() - a.at.getTime());
  return latest.find(({ status }) => status === 'withdrawn' || status === 'inactive') ?? latest[0];
}

function present({ entry, words, until, statuses }: ShownEntry, told: readonly MemberOpinion[]) {
  const said = deciding(statuses);
  const { id, grade, kind, added, comment, member, opinions, signals } = entry;
  return {
    id,
    grade: grade ?? null,
    kind: words?.kind ?? kind ?? null,
    text: words?.text ?? null,
    overlook: words?.fold ?? null,
    added: added === undefined ? null : new Date(added).toISOString(),
    comment: comment ?? null,
    until: until?.toISOString() ?? null,
    member: member ?? null,
    opinions: opinions ?? [],
    memberOpinions: told.map(({ memberId, affirmative, signal, reason, at }) => ({
      ...{ member: memberId, affirmative, signal, reason, at: at.toISOString() },
    })),
    status: said?.status ?? 'active',
    reason: said?.reason ?? null,
    changed: said?.at.toISOString() ?? null,
    statuses: statuses.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() })),
    signals: signals.map(({ type, value, quality, active, derived }) => ({
      type,
      value: signalType(type).format(value),
      quality: quality ?? null,
      active,
      derived: derived === true,
    })),
  };
}

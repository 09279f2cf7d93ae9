import { z } from 'zod';
import { PROPOSALS } from '../../policy/proposal.js';
import { MOST_POLICY_CHARS } from '../../policy/read-policy.js';
import type { PolicySummary } from '../../storage/policy-store.js';
import { endpoint } from '../endpoint.js';

const DAY_MS = 86_400_000;
const MOST_LOOKED = 1_000_000;

const byNumber = z.object({ number: z.coerce.number().int().min(1).max(2_147_483_647) });
const sourceSchema = z.string().min(1).max(MOST_POLICY_CHARS).describe('YAML; see docs/policy.md.');
const example = 'policy: 1\nrules:\n  - name: known\n    when: { verdict: match }\n    do: [hide, open-case]\n';

const problemsSchema = z
  .array(z.object({ line: z.number().int(), text: z.string() }))
  .readonly()
  .describe('Each with its line, from 1.');

const summarySchema = z.object({
  number: z.number().int(),
  state: z.enum(['draft', 'active', 'retired']),
  note: z.string(),
  createdBy: z.string(),
  created: z.string(),
  activatedBy: z.string().nullable(),
  activated: z.string().nullable(),
});
const policySchema = summarySchema.extend({ source: z.string() });

function summaryOf(policy: PolicySummary): z.output<typeof summarySchema> {
  const { number, state, note, createdBy, createdAt, activatedBy, activatedAt } = policy;
  const activated = activatedAt?.toISOString() ?? null;
  return { number, state, note, createdBy, created: createdAt.toISOString(), activatedBy, activated };
}

export const listPolicies = endpoint({
  method: 'GET',
  url: '/v1/policies',
  scope: 'policy:read',
  summary: 'All versions of the policy, newest first',
  answer: z.object({ policies: z.array(summarySchema) }),
  handle: async ({ services }) => ({ policies: (await services.policies.ls()).map(summaryOf) }),
});

export const getPolicy = endpoint({
  method: 'GET',
  url: '/v1/policies/:number',
  scope: 'policy:read',
  summary: 'One version of the policy, as it was written',
  params: byNumber,
  answer: policySchema,
  handle: async ({ params, services }) => {
    const found = await services.policies.show(params.number);
    return { ...summaryOf(found), source: found.source };
  },
});

export const checkPolicy = endpoint({
  method: 'POST',
  url: '/v1/policies/check',
  scope: 'policy:read',
  summary: 'What is wrong with a policy, line by line; nothing is kept',
  body: z
    .object({ source: sourceSchema })
    .strict()
    .meta({ examples: [{ source: example }] }),
  answer: z.object({ problems: problemsSchema, warnings: problemsSchema.describe('It can be used all the same.') }),
  handle: async ({ body, services }) => {
    const { problems, warnings } = await services.policies.check(body.source);
    return { problems, warnings };
  },
});

export const addPolicy = endpoint({
  method: 'POST',
  url: '/v1/policies',
  scope: 'policy:write',
  summary: 'Keep a version of the policy as a draft',
  body: z
    .object({
      source: sourceSchema,
      note: z.string().trim().min(1).max(500).describe('What is new in it, for people.'),
    })
    .strict()
    .meta({ examples: [{ source: example, note: 'hides, and removes nothing' }] }),
  answer: policySchema.extend({ warnings: problemsSchema }),
  status: 201,
  handle: async ({ body, principal, services }) => {
    const made = await services.policies.add(body, principal.id);
    return { ...summaryOf(made), source: made.source, warnings: made.warnings };
  },
});

export const activatePolicy = endpoint({
  method: 'POST',
  url: '/v1/policies/:number/activate',
  scope: 'policy:write',
  summary: 'Judge verdicts by this version from now on, in every process within a second',
  params: byNumber,
  body: z.object({ reason: z.string().trim().min(1).max(500) }).strict(),
  answer: summarySchema.extend({ warnings: problemsSchema }),
  handle: async ({ params, body, principal, services }) => {
    const order = { reason: body.reason, by: principal.id };
    const active = await services.policies.activate(params.number, order);
    return { ...summaryOf(active), warnings: active.warnings };
  },
});

export const diffPolicies = endpoint({
  method: 'GET',
  url: '/v1/policies/:number/diff',
  scope: 'policy:read',
  summary: 'What another version says otherwise, rule by rule',
  params: byNumber,
  query: z.object({ to: z.coerce.number().int().min(1).max(2_147_483_647) }),
  answer: z.object({
    added: z.array(z.string()).readonly(),
    removed: z.array(z.string()).readonly(),
    changed: z.array(z.object({ rule: z.string(), before: z.string(), after: z.string() })).readonly(),
    reordered: z.boolean().describe('The rules that both have are asked in another order.'),
  }),
  handle: async ({ params, query, services }) => await services.policies.diff(params.number, query.to),
});

const actCount = {
  act: z.enum(PROPOSALS),
  count: z.number().int(),
  needsPerson: z.number().int().describe('How many of them wait for a person.'),
};
const countsSchema = z.object({
  acts: z.array(z.object(actCount)).readonly(),
  rules: z.array(z.object({ ...actCount, rule: z.string() })).readonly(),
});

export const backtestPolicy = endpoint({
  method: 'POST',
  url: '/v1/policies/backtest',
  scope: 'policy:read',
  summary: 'What a policy would have proposed for what was seen, beside the active one; nothing is done',
  description: 'Matches count as they were when the verdict was told. Of media that belong to no item nothing follows.',
  body: z
    .object({
      source: sourceSchema.optional().describe('A policy that is not kept; or `number`.'),
      number: z.number().int().min(1).max(2_147_483_647).optional(),
      days: z.number().min(0.01).max(400).default(7).describe('So far back.'),
      limit: z
        .number()
        .int()
        .min(1)
        .max(MOST_LOOKED)
        .default(100_000)
        .describe('Verdicts at the most, newest days first.'),
    })
    .strict()
    .refine(({ source, number }) => (source === undefined) !== (number === undefined), {
      message: 'either source or number is needed',
    })
    .meta({ examples: [{ number: 2, days: 7 }] }),
  answer: z.object({
    from: z.string(),
    until: z.string(),
    against: z.number().int().describe('The active version.'),
    looked: z.number().int(),
    truncated: z.boolean().describe('There was more than the limit.'),
    differing: z.number().int().describe('Items for which the two do not propose the same.'),
    before: countsSchema,
    after: countsSchema,
    differences: z
      .array(
        z.object({
          act: z.enum(PROPOSALS),
          change: z.enum(['only-before', 'only-after', 'otherwise']),
          count: z.number().int(),
          items: z.array(z.string()).readonly().describe('Ids of some of the items.'),
        }),
      )
      .readonly(),
  }),
  handle: async ({ body, services, signal }) => {
    const { source, number, days, limit } = body;
    const until = new Date();
    const from = new Date(until.getTime() - days * DAY_MS);
    const of = source === undefined ? { number: number ?? 0 } : { source };
    const report = await services.policyTrials.backtest({ of, from, until, limit, signal });
    return { from: from.toISOString(), until: until.toISOString(), ...report };
  },
});

export const explainPolicy = endpoint({
  method: 'GET',
  url: '/v1/policies/:number/explain',
  scope: 'policy:read',
  summary: 'Which rules match the last verdict of an item, and why each other does not',
  params: byNumber,
  query: z.object({ item: z.string().min(1).max(64) }),
  answer: z.object({
    rules: z
      .array(
        z.object({
          rule: z.string(),
          line: z.number().int(),
          outcome: z.enum(['matched', 'not-matched', 'not-reached']),
          conditions: z
            .array(z.object({ condition: z.string(), wanted: z.unknown(), found: z.string(), holds: z.boolean() }))
            .readonly(),
        }),
      )
      .readonly(),
    proposals: z.array(
      z.object({
        act: z.enum(PROPOSALS),
        rule: z.string(),
        reason: z.string(),
        priority: z.number().optional(),
        needsPerson: z.boolean(),
      }),
    ),
  }),
  handle: async ({ params, query, services }) => {
    const { rules, proposals } = await services.policyTrials.explain(params.number, query.item);
    const told = proposals.map(({ act, rule, reason, priority, needsPerson }) => {
      return { act, rule, reason, needsPerson, ...(priority === undefined ? {} : { priority }) };
    });
    return { rules, proposals: told };
  },
});

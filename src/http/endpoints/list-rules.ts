import { z } from 'zod';
import type { EntryRules, Thresholds } from '../../storage/list-rules.js';
import { endpoint } from '../endpoint.js';
import { listRulesSchema } from '../list-rules-schema.js';
import { listNameSchema } from '../schemas.js';

const byName = z.object({ name: listNameSchema });

export const getListRules = endpoint({
  method: 'GET',
  url: '/v1/lists/:name/rules',
  scope: 'lists:read',
  summary: 'How the matches of a list are judged',
  params: byName,
  answer: listRulesSchema,
  handle: async ({ params, services }) => await services.lists.rulesOf(params.name),
});

export const changeListRules = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/rules',
  scope: 'lists:write',
  summary: 'Change how the matches of a list are judged, at once',
  description:
    'What is left out stays as it is. `rules` and `thresholds` are taken as a whole: `{}` asks nothing of an entry, and ' +
    'leaves the radius as everywhere. The change has taken effect here when this answers, and everywhere within a second.',
  params: byName,
  body: listRulesSchema
    .partial()
    .strict()
    .meta({ examples: [{ shadow: true }, { rules: { grades: ['A', 'B'] } }] }),
  answer: listRulesSchema,
  handle: async ({ params, body, services }) => {
    const { thresholds: threshold, rules, role, shadow, sampleRatio } = body;
    await services.lists.describeList(params.name, {
      ...(role === undefined ? {} : { role }),
      ...(shadow === undefined ? {} : { shadow }),
      ...(rules === undefined ? {} : { rules: rules as EntryRules }),
      ...(threshold === undefined ? {} : { threshold: threshold as Thresholds }),
      ...(sampleRatio === undefined ? {} : { sampleRatio }),
    });
    return await services.lists.rulesOf(params.name);
  },
});

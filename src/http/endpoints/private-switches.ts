import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { jurisdictionSchema } from '../../intake/item-draft.js';
import { endpoint } from '../endpoint.js';

const switchSchema = z.object({
  id: z.string(),
  jurisdiction: z.string(),
  legalBasis: z.string(),
  until: z.string(),
  state: z.enum(['on', 'over', 'off']),
  switchedOnBy: z.string(),
  switchedOn: z.string(),
  switchedOffBy: z.string().nullable(),
  switchedOff: z.string().nullable(),
});

export const switchPrivateOn = endpoint({
  method: 'POST',
  url: '/v1/private-switches',
  scope: 'private:write',
  summary: 'Look at private surfaces of one jurisdiction, on a legal basis and until an end',
  body: z
    .object({
      jurisdiction: jurisdictionSchema,
      legalBasis: z.string().trim().min(3).max(2_000),
      until: z.iso.datetime({ offset: true }),
    })
    .strict(),
  answer: z.object({ id: z.string() }),
  status: 201,
  handle: async ({ body, principal, services }) => {
    const { jurisdiction, legalBasis, until } = body;
    const order = { jurisdiction, legalBasis, until: new Date(until) };
    const { id } = await services.intake.privateSurfaces.on(order, principal.id);
    return { id };
  },
});

export const listPrivateSwitches = endpoint({
  method: 'GET',
  url: '/v1/private-switches',
  scope: 'private:write',
  summary: 'All switches of private surfaces, those that are off or over too',
  answer: z.object({ switches: z.array(switchSchema) }),
  handle: async ({ services }) => ({
    switches: (await services.intake.privateSurfaces.ls()).map((each) => ({
      id: each.id,
      jurisdiction: each.jurisdiction,
      legalBasis: each.legalBasis,
      until: each.until.toISOString(),
      state: each.state,
      switchedOnBy: each.switchedOnBy,
      switchedOn: each.switchedOnAt.toISOString(),
      switchedOffBy: each.switchedOffBy,
      switchedOff: each.switchedOffAt?.toISOString() ?? null,
    })),
  }),
});

export const switchPrivateOff = endpoint({
  method: 'DELETE',
  url: '/v1/private-switches/:jurisdiction',
  scope: 'private:write',
  summary: 'Look at private surfaces of a jurisdiction no longer',
  params: z.object({ jurisdiction: z.string().max(8) }),
  answer: z.object({ off: z.literal(true) }),
  handle: async ({ params, principal, services }) => {
    if (!(await services.intake.privateSurfaces.off(params.jurisdiction, principal.id))) {
      throw new VigieError('private-switch-not-found');
    }
    return { off: true as const };
  },
});

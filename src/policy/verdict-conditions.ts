import { z } from 'zod';
import { atLeast, type ConditionKind, oneOf, type Values } from './condition.js';
import type { VerdictContext } from './context.js';

export interface ConfirmedTimes {
  readonly times: number;
  readonly days: number;
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 366;
/** So far back, in milliseconds, confirmed items of an author can count. */
export const HISTORY_MS = MOST_DAYS * DAY_MS;
const id = (most: number) =>
  z
    .union([z.string(), z.int().transform(String)])
    .refine((text) => text.length >= 1 && text.length <= most && /^\P{Cc}*$/u.test(text), {
      message: `not an id of 1 to ${most} characters`,
    });

function confirmedWithin({ confirmedAt, at }: VerdictContext, days: number): number {
  return confirmedAt.filter((each) => each <= at && at.getTime() - each.getTime() <= days * DAY_MS).length;
}

const authorConfirmed: ConditionKind<ConfirmedTimes, VerdictContext> = {
  schema: z
    .object({ times: z.number().int().min(1).max(1_000), days: z.number().int().min(1).max(MOST_DAYS) })
    .strict()
    .describe('A person confirmed so many items of the same author within so many days'),
  holds: ({ times, days }, context) => confirmedWithin(context, days) >= times,
  covers: (wide, narrow) => wide.times <= narrow.times && wide.days >= narrow.days,
  print: (value) => value,
  found: (context) => `${confirmedWithin(context, MOST_DAYS)} within ${MOST_DAYS} days`,
};

const jurisdictionWords = oneOf(
  z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, { message: 'no code of ISO 3166 such as DE or US-CA' }),
  ({ jurisdiction }: VerdictContext) => jurisdiction,
  'ISO 3166: `US` means its parts too, such as `US-CA`',
);

/** A part of a country lies in it. */
const within = (wanted: readonly string[], code: string): boolean =>
  wanted.some((each) => code === each || code.startsWith(`${each}-`));

/** What a rule can ask of the verdict and of where the item was shared. */
export const VERDICT_CONDITIONS = {
  verdict: oneOf(
    z.enum(['match', 'no-match', 'could-not-tell']),
    ({ verdict }: VerdictContext) => verdict,
    'What was said of the item',
  ),
  reason: oneOf(
    z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, { message: 'no reason such as media-damaged' }),
    ({ reason }: VerdictContext) => reason,
    'Why nothing matched, or why it could not be told',
  ),
  platform: oneOf(id(64), ({ platform }: VerdictContext) => platform, 'Names of platforms'),
  surface: oneOf(z.enum(['public', 'private']), ({ surface }: VerdictContext) => surface, 'Where it was shared'),
  lane: oneOf(
    z.enum(['live', 'backfill']),
    ({ lane }: VerdictContext) => lane,
    '`live`: just shared; `backfill`: what was there before',
  ),
  room: oneOf(id(255), ({ room }: VerdictContext) => room, "The platform's own ids of rooms"),
  jurisdiction: {
    ...jurisdictionWords,
    holds: (wanted: readonly string[], { jurisdiction }: VerdictContext) =>
      jurisdiction !== null && within(wanted, jurisdiction),
    covers: (wide: readonly string[], narrow: readonly string[]) => narrow.every((each) => within(wide, each)),
  },
  'author-confirmed': authorConfirmed,
  'score-at-least': atLeast(
    z.number().min(0).max(1).describe('What the outside scorer says, from 0 to 1; it can open a case and nothing else'),
    ({ score }: VerdictContext) => score?.value ?? null,
  ),
};

export type VerdictValues = Values<typeof VERDICT_CONDITIONS>;

import { z } from 'zod';
import type { RuleAct } from './policy.js';
import { PROPOSALS, type ProposedAct } from './proposal.js';

const DEFAULT_PRIORITY = 50;
const MOST_MESSAGE = 500;

const needs = z.literal('person').optional();
const message = z
  .string()
  .trim()
  .min(1)
  .max(MOST_MESSAGE)
  .regex(/^[^\p{Cc}]*$/u, { message: 'must be one line without control characters' })
  .optional();
const plain = z.object({ needs }).strict();
const telling = z.object({ needs, message }).strict();
const opening = z.object({ priority: z.number().int().min(0).max(100).default(DEFAULT_PRIORITY) }).strict();

function optionsOf(act: ProposedAct) {
  if (act === 'open-case') return opening;
  return act === 'notify-author' || act === 'notify-room' ? telling : plain;
}

const isAct = (name: unknown): name is ProposedAct => (PROPOSALS as readonly unknown[]).includes(name);

/** An act by its name, or its name with options: `remove`, `open-case: { priority: 80 }`. */
const actSchema = z.unknown().transform((raw, context): RuleAct => {
  const issue = (text: string): RuleAct => {
    context.addIssue({ code: 'custom', message: text });
    return { act: 'preserve', needsPerson: true };
  };
  const [name, options, ...more] =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (Object.entries(raw)[0] ?? []) : [raw, {}];
  const several = typeof raw === 'object' && raw !== null && Object.keys(raw).length !== 1;
  if (several || more.length > 0) return issue('an act is a name, or one name with its options');
  if (!isAct(name)) return issue(`there is no such act; there are ${PROPOSALS.join(', ')}`);
  const read = optionsOf(name).safeParse(options ?? {});
  if (!read.success) {
    for (const { path, message: text } of read.error.issues) {
      context.addIssue({ code: 'custom', message: text, path: [name, ...path] });
    }
    return { act: name, needsPerson: true };
  }
  const { needs: who, ...rest } = read.data as z.output<typeof telling> & Partial<z.output<typeof opening>>;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { act: name, ...given, needsPerson: who === 'person' };
});

export const actsSchema = z
  .union(
    [z.literal('nothing').transform((): readonly RuleAct[] => []), z.array(actSchema).min(1).max(PROPOSALS.length)],
    { error: 'write `nothing`, or a list of acts with a dash before each' },
  )
  .describe('`nothing`, or a list of acts');

/** As it stands in the file. */
export function printAct({ act, needsPerson, ...options }: RuleAct): unknown {
  const all = { ...options, ...(needsPerson && { needs: 'person' }) };
  return Object.keys(all).length === 0 ? act : { [act]: all };
}

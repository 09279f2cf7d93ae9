import { z } from 'zod';

/** One thing that a rule can ask for. Its value is plain JSON in one canonical form. */
export interface ConditionKind<Value, Subject> {
  /** From what stands in the file to the value. */
  readonly schema: z.ZodType<Value>;
  readonly holds: (value: Value, subject: Subject) => boolean;
  /** Whether `wide` holds wherever `narrow` does. */
  readonly covers: (wide: Value, narrow: Value) => boolean;
  /** As it stands in the file. */
  readonly print: (value: Value) => unknown;
  /** What there is, for people who ask why it does not hold. */
  readonly found: (subject: Subject) => string;
}

/** The values that a table of conditions takes. */
export type Values<Table> = {
  readonly [K in keyof Table]?:
    | (Table[K] extends { readonly schema: z.ZodType<infer Value> } ? Value : never)
    | undefined;
};

const MOST_WORDS = 200;

/** One word of several, written as a word or as a list of words. */
export function oneOf<Subject, Word extends string = string>(
  word: z.ZodType<Word>,
  of: (subject: Subject) => string | null,
  describe: string,
): ConditionKind<readonly Word[], Subject> {
  return {
    schema: z
      .union([word.transform((one) => [one]), z.array(word).min(1).max(MOST_WORDS)])
      .transform((words) => [...new Set(words)].sort())
      .describe(describe),
    holds: (words, subject) => {
      const found = of(subject);
      return found !== null && (words as readonly string[]).includes(found);
    },
    covers: (wide, narrow) => narrow.every((each) => wide.includes(each)),
    print: (words) => (words.length === 1 ? words[0] : words),
    found: (subject) => of(subject) ?? 'none',
  };
}

/** A whole number that must be reached. */
export function atLeast<Subject>(
  schema: z.ZodType<number>,
  of: (subject: Subject) => number | null,
): ConditionKind<number, Subject> {
  return {
    schema,
    holds: (least, subject) => (of(subject) ?? Number.NEGATIVE_INFINITY) >= least,
    covers: (wide, narrow) => wide <= narrow,
    print: (least) => least,
    found: (subject) => String(of(subject) ?? 'none'),
  };
}

import { z } from 'zod';

const anything = z.record(z.string(), z.unknown());

/** What every kind of source or platform says of itself. */
export const kindShape = {
  kind: z.string(),
  title: z.string(),
  description: z.string(),
  settings: z.unknown(),
  credentials: z.unknown().describe('Null when it needs none.'),
};

export const credentialsSchema = anything.describe('Sealed in the database, and never shown again.');

/** @param kinds the route that tells of the kinds, such as `/v1/source-kinds` */
export function settingsSchemaOf(kinds: string) {
  return anything.describe(`What the kind needs; see \`GET ${kinds}\`.`);
}

/** What is tried out before it is added. */
export function tryOutSchemaOf(kinds: string) {
  return z
    .object({
      kind: z.string().max(64),
      settings: settingsSchemaOf(kinds).default({}),
      credentials: credentialsSchema.optional(),
    })
    .strict();
}

/** What a test of a connection found out, for people. */
export const factsSchema = z.object({ facts: z.record(z.string(), z.string()) });

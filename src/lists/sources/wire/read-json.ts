import type { z } from 'zod';
import { VigieError } from '../../../errors.js';
import type { Answer } from './ask.js';

/**
 * Reads an answer as JSON of a certain shape.
 * @throws VigieError `source-malformed`, which holds nothing of the answer
 */
export async function readJson<T>({ body }: Answer, schema: z.ZodType<T>): Promise<T> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    // Not as the cause: its message quotes what was read.
    throw new VigieError('source-malformed', { detail: 'not JSON' });
  }
  const { success, data } = schema.safeParse(parsed);
  if (!success) throw new VigieError('source-malformed', { detail: 'not the fields that were expected' });
  return data;
}

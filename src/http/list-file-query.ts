import { z } from 'zod';
import { VigieError } from '../errors.js';
import { FIELD_NAMES, LIST_FORMATS } from '../lists/formats/list-parser.js';
import { WORDS_FIELDS } from '../lists/words/words-record.js';
import type { ListContent } from '../storage/schema.js';
import { signalTypeSchema } from './schemas.js';

/** How a list file that is sent is to be read. */
export const listFileShape = {
  format: z.enum(['auto', ...LIST_FORMATS]).default('auto'),
  type: signalTypeSchema.optional().describe('Signal type of plain values, where their length does not tell.'),
  map: z
    .union([z.string().max(200), z.array(z.string().max(200)).max(32)])
    .optional()
    .describe('`theirs=ours`: a column of the file and what it is here. May be given several times.'),
};

/** @throws VigieError `request-invalid` */
export function mapOf(
  given: string | readonly string[] | undefined,
  content: ListContent,
): Readonly<Record<string, string>> {
  const pairs = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  const map: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const cut = pair.lastIndexOf('=');
    const ours = pair.slice(cut + 1).trim();
    if (cut < 1 || !(content === 'media' ? (FIELD_NAMES as readonly string[]) : WORDS_FIELDS).includes(ours as never)) {
      throw new VigieError('request-invalid', { detail: 'a mapping is theirs=ours, with one of our columns' });
    }
    map[pair.slice(0, cut)] = ours;
  }
  return map;
}

import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { itemDraftSchema } from '../../intake/item-draft.js';
import { abortableEach } from '../../runtime/abortable.js';
import { endpoint, problemSchema } from '../endpoint.js';
import { ITEM_EXAMPLE } from '../item-shapes.js';
import { answer, readDraft, receiptSchema } from './items.js';

const BATCH_LIMIT = 1_000;
const BATCH_BYTES = 16 * 2 ** 20;

export const handInItems = endpoint({
  method: 'POST',
  url: '/v1/items/batch',
  scope: 'items:write',
  quota: 'items',
  summary: `Hand in up to ${BATCH_LIMIT} items with media by URL`,
  description:
    'Send JSON lines (application/x-ndjson) or a JSON array. The answer has one entry for each item, in order: what ' +
    '`POST /v1/items` would have answered, or the problem. One bad item harms no other.',
  consumes: {
    'application/x-ndjson': itemDraftSchema.meta({ description: 'One of these a line.', examples: [ITEM_EXAMPLE] }),
    'application/json': z
      .array(itemDraftSchema)
      .max(BATCH_LIMIT)
      .meta({ examples: [[ITEM_EXAMPLE]] }),
  },
  answer: z.object({
    items: z.array(z.union([receiptSchema.extend({ status: z.number() }), problemSchema])),
  }),
  handle: async ({ request, principal, services, signal }) => {
    await services.intake.items.assertRoom();
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== 'application/json' && type !== 'application/x-ndjson')
      throw new VigieError('content-type-unsupported');
    const values =
      type === 'application/json' ? request.body : await readLines(request.body as AsyncIterable<Uint8Array>, signal);
    if (!Array.isArray(values))
      throw new VigieError('request-invalid', { detail: 'the body must be an array of items' });
    if (values.length > BATCH_LIMIT)
      throw new VigieError('request-invalid', { detail: `more than ${BATCH_LIMIT} items` });
    services.rates.charge(principal, 'items', values.length - 1);
    const items = await Promise.all(
      values.map(async (value: unknown) => {
        try {
          if (value instanceof VigieError) throw value;
          const receipt = await services.intake.items.hand(readDraft(value));
          return { status: 202, ...(await answer(receipt, services, principal)) };
        } catch (error) {
          return VigieError.from(error).toProblem();
        }
      }),
    );
    return { items };
  },
});

/** A line that is not JSON becomes the error that says so. */
async function readLines(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<unknown[]> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of abortableEach(body, signal)) {
    length += chunk.byteLength;
    if (length > BATCH_BYTES) throw new VigieError('media-too-large', { detail: `limit ${BATCH_BYTES} bytes` });
    chunks.push(chunk);
  }
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  return lines.flatMap((line, i) => (line.trim() === '' ? [] : [parseLine(line, i + 1)]));
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return new VigieError('request-invalid', { detail: `line ${number} is not JSON` });
  }
}

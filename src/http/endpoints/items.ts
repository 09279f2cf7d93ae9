import { z } from 'zod';
import type { Principal } from '../../access/principal.js';
import { VigieError } from '../../errors.js';
import { type ItemDraft, itemDraftSchema, MEDIA_LIMIT, type StoredMedium } from '../../intake/item-draft.js';
import type { ItemReceipt } from '../../intake/items.js';
import { type Call, endpoint } from '../endpoint.js';
import { itemBodySchema, itemSchema, itemStateSchema, presentItem } from '../item-shapes.js';
import { readInvalid } from '../read-invalid.js';
import type { Services } from '../services.js';

/** The text fields of an item come in one form field, which must hold its longest text. */
const FIELD_BYTES = 2 * 2 ** 20;

export const receiptSchema = z.object({
  id: z.string(),
  state: itemStateSchema,
  verdict: itemSchema.shape.verdict.optional().describe('When it was handed in before and is told.'),
});

type ItemCall = Call<undefined, undefined, undefined>;

export const handInItem = endpoint({
  method: 'POST',
  url: '/v1/items',
  scope: 'items:write',
  quota: 'items',
  summary: 'Hand in an item; its verdict follows',
  description:
    'Send the item as JSON, or as a multipart form with the JSON in the field `item` and, after it, any number of files ' +
    `in fields \`media\` (${MEDIA_LIMIT} media at the most). The answer comes as soon as the item is stored; its verdict ` +
    'is told by `GET /v1/items/:id`, and a match by webhook. The same item again gives the same answer; another content ' +
    'under the same id is `item-conflict`. A link on a list of URLs is a match; a keyword is a hint for review, never one.',
  consumes: {
    'application/json': itemBodySchema,
    'multipart/form-data': z
      .object({ item: itemDraftSchema, media: z.array(z.file()).max(MEDIA_LIMIT).optional() })
      .meta({ examples: [{ item: { platform: 'forum', id: 'post-4712', surface: 'public' } }] }),
  },
  answer: receiptSchema,
  status: 202,
  handle: async (call) => {
    const { request, services, principal } = call;
    const { items } = services.intake;
    await items.assertRoom();
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type === 'application/json') {
      return await answer(await items.hand(readDraft(request.body)), services, principal);
    }
    if (type !== 'multipart/form-data') throw new VigieError('content-type-unsupported');
    return await answer(await handParts(call), services, principal);
  },
});

export const findItems = endpoint({
  method: 'GET',
  url: '/v1/items',
  scope: 'items:read',
  summary: "What became of something on a platform, by the platform's own id",
  description: 'Its revisions, the newest first, up to 20. None: it was never handed in, or is no longer kept.',
  query: z.object({ platform: itemDraftSchema.shape.platform, id: itemDraftSchema.shape.id }),
  answer: z.object({ items: z.array(itemSchema) }),
  handle: async ({ query: { platform, id }, principal, services }) => {
    const reports = await services.intake.items.reportsOf(platform, id);
    return { items: reports.map((report) => presentItem(report, principal)) };
  },
});

export const getItem = endpoint({
  method: 'GET',
  url: '/v1/items/:id',
  scope: 'items:read',
  summary: 'An item, with its verdict and what led to it',
  params: z.object({ id: z.string().max(64) }),
  answer: itemSchema,
  handle: async ({ params, principal, services }) =>
    presentItem(await services.intake.items.report(params.id), principal),
});

/** @throws VigieError `request-invalid` naming the fields, never their values */
export function readDraft(value: unknown): ItemDraft {
  const read = itemDraftSchema.safeParse(value);
  if (!read.success) throw readInvalid(read.error);
  return read.data;
}

export async function answer({ id, state, fresh }: ItemReceipt, services: Services, principal: Principal) {
  if (fresh || state === 'waiting') return { id, state };
  const { state: now, verdict } = presentItem(await services.intake.items.report(id), principal);
  return { id, state: now, verdict };
}

/** The item's own field comes first: whether its media may be read at all depends on it. */
async function handParts({ request, signal, services }: ItemCall): Promise<ItemReceipt> {
  const { items, media } = services.intake;
  const { mediaBytes, videoBytes } = services.config.limits;
  // Which of the two it is, is told when it is looked at.
  const maximumBytes = Math.max(mediaBytes, videoBytes);
  const limits = {
    files: MEDIA_LIMIT,
    fields: 1,
    parts: MEDIA_LIMIT + 1,
    fieldSize: FIELD_BYTES,
    fileSize: maximumBytes,
  };
  const files: StoredMedium[] = [];
  let draft: ItemDraft | undefined;
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') {
        if (part.fieldname !== 'item' || draft !== undefined) {
          throw new VigieError('request-invalid', { detail: 'the one field of the form is `item`' });
        }
        draft = readDraft(parseJson(part.value));
        await items.assertAllowed(draft);
        continue;
      }
      if (part.fieldname !== 'media')
        throw new VigieError('request-invalid', { detail: 'files come in fields `media`' });
      if (draft === undefined) throw new VigieError('request-invalid', { detail: 'the field `item` comes first' });
      const name = part.filename === '' ? undefined : part.filename;
      const stored = await media.store(part.file, { name, maximumBytes, signal });
      files.push(stored);
      if (part.file.truncated) throw new VigieError('media-too-large', { detail: `limit ${maximumBytes} bytes` });
    }
    if (draft === undefined) throw new VigieError('request-invalid', { detail: 'the form has no field `item`' });
  } catch (error) {
    await media.drop(files.map(({ blob }) => blob));
    throw error;
  }
  return await items.hand(draft, files);
}

/** A part that says it is JSON comes parsed already. */
function parseJson(text: unknown): unknown {
  if (typeof text === 'object' && text !== null) return text;
  try {
    return JSON.parse(String(text));
  } catch {
    throw new VigieError('request-invalid', { detail: 'the field `item` is not JSON' });
  }
}

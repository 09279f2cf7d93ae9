import type { Readable } from 'node:stream';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import type { ListTerms } from '../../storage/list-store.js';
import { endpoint } from '../endpoint.js';
import { answerInLines } from '../json-lines.js';
import { listFileShape, mapOf } from '../list-file-query.js';
import { listNameSchema } from '../schemas.js';

const text = z.string().max(500).optional();

const querySchema = z.object({
  content: z
    .enum(['media', 'urls', 'keywords'])
    .default('media')
    .describe('What the entries are of; once and for all for a list.'),
  ...listFileShape,
  sourceName: z.string().max(255).optional().describe('How people call the file.'),
  source: text.describe('Where the list comes from.'),
  licence: text,
  terms: text,
  expires: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })])
    .optional()
    .describe('The list stops matching then.'),
  maxRejected: z.coerce.number().min(0).max(1).optional().describe('Share of records that may be bad.'),
});

type Query = z.output<typeof querySchema>;

export const importList = endpoint({
  method: 'PUT',
  url: '/v1/lists/:name/import',
  scope: 'lists:write',
  summary: 'Load a list, or a new version of one: all of it or nothing',
  description:
    'The body is the file, gzip or not. The answer is JSON lines: `{"progress": …}` while it goes on, and at the end one ' +
    '`{"result": …}` or `{"error": …}`. When nothing was read yet, an error is an ordinary problem with its own status. An import that was cut off goes on where it was when the same file is sent again.',
  params: z.object({ name: listNameSchema }),
  query: querySchema,
  consumes: {
    'application/octet-stream': z.file().meta({
      description: 'The file, gzip or not.',
      examples: ['id,md5,grade\nexample-1,<32 hexadecimal digits>,A\n'],
    }),
  },
  upload: 'long',
  produces: 'application/x-ndjson',
  handle: async ({ params, query, request, reply, signal: gone, services }) => {
    if (!request.headers['content-type']?.startsWith('application/octet-stream')) {
      throw new VigieError('content-type-unsupported');
    }
    const length = Number(request.headers['content-length']);
    const signal = AbortSignal.any([gone, services.stopping]);
    return await answerInLines({ request, reply, signal }, (lines) =>
      services.lists.import({
        list: params.name,
        content: query.content,
        terms: termsOf(query),
        input: {
          // Left open when the import stops before its end: a client that is still sending must be able to hear why.
          stream: (request.body as Readable).iterator({ destroyOnReturn: false }),
          ...(Number.isSafeInteger(length) && length > 0 ? { bytes: length } : {}),
        },
        sourceName: query.sourceName,
        format: query.format,
        type: query.type,
        map: mapOf(query.map, query.content),
        maxRejected: query.maxRejected,
        signal,
        onProgress: (progress) => lines.write({ progress }),
      }),
    );
  },
});

function termsOf({ source, licence, terms, expires }: Query): ListTerms {
  return {
    ...(source === undefined ? {} : { source }),
    ...(licence === undefined ? {} : { licence }),
    ...(terms === undefined ? {} : { terms }),
    ...(expires === undefined ? {} : { expiresAt: new Date(expires) }),
  };
}

import type { Readable } from 'node:stream';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';
import { answerInLines } from '../json-lines.js';
import { listFileShape, mapOf } from '../list-file-query.js';
import { reasonSchema } from '../proposal-shapes.js';
import { listNameSchema } from '../schemas.js';

export const enrichList = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/enrich',
  scope: 'entries:write',
  summary: 'Give many entries of a list the PDQ or vPDQ that they lack',
  description:
    'The body is a file as for an import, gzip or not, such as `vigie hash --faithful` writes: each record has exact hashes, ' +
    'by which its entry is found, and a PDQ or the frames of a video. They become derived signals of the entry. In a list ' +
    'that needs a second person, and in one that a source feeds, they are proposed; else they act a moment later. ' +
    'The answer is JSON lines: `{"progress": …}`, and at the end one `{"result": …}` or `{"error": …}`.',
  params: z.object({ name: listNameSchema }),
  query: z.object({
    ...listFileShape,
    reason: reasonSchema,
    dryRun: z.stringbool().default(false).describe('Only say what would be done.'),
  }),
  consumes: {
    'application/octet-stream': z.file().meta({
      description: 'The file, gzip or not.',
      examples: ['sha256,pdq,quality\n<64 hexadecimal digits>,<64 hexadecimal digits>,100\n'],
    }),
  },
  upload: 'long',
  produces: 'application/x-ndjson',
  handle: async ({ params, query, request, reply, principal, signal: gone, services }) => {
    if (!request.headers['content-type']?.startsWith('application/octet-stream')) {
      throw new VigieError('content-type-unsupported');
    }
    const { format, type, reason, dryRun } = query;
    const signal = AbortSignal.any([gone, services.stopping]);
    return await answerInLines({ request, reply, signal }, (lines) =>
      services.curation.enrichment.enrich({
        ...{ list: params.name, type, reason, dryRun, by: principal.id, signal },
        // Left open when it ends before its end: a client that is still sending must be able to hear why.
        input: (request.body as Readable).iterator({ destroyOnReturn: false }),
        format: format === 'auto' ? undefined : format,
        map: mapOf(query.map, 'media'),
        onProgress: (progress) => lines.write({ progress }),
      }),
    );
  },
});

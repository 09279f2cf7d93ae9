import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';
import { JsonLines } from '../json-lines.js';

const path = z
  .string()
  .max(4_096)
  .refine((text) => isAbsolute(text) && !text.includes('\0'), 'not an absolute path');

/** Only at the local entrance: it writes where it is told to, as the user of the service. */
export const backup = endpoint({
  method: 'POST',
  url: '/v1/backup',
  scope: 'lists:export',
  summary: 'Write a backup into an empty directory of this machine',
  body: z.object({ target: path, keys: path.optional() }).strict(),
  produces: 'application/x-ndjson',
  handle: async ({ body, reply, request, signal, services }) => {
    const lines = new JsonLines(reply);
    const ended = AbortSignal.any([signal, services.stopping]);
    try {
      const result = await services.backUp({
        target: body.target,
        keysFile: body.keys,
        signal: ended,
        onProgress: (progress) => {
          if (progress.done % 1_000 === 0) lines.write({ progress });
        },
      });
      lines.write({ result });
    } catch (thrown) {
      const error = VigieError.from(ended.aborted ? ended.reason : thrown);
      if (!lines.begun) throw error;
      if (error.status >= 500) request.log.error({ err: error }, 'backup failed');
      lines.write({ error: { ...error.toProblem(), requestId: request.id } });
    }
    lines.end();
    return reply;
  },
});

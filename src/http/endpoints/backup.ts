import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { answerInLines } from '../json-lines.js';

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
  handle: async ({ body, reply, request, signal: gone, services }) => {
    const signal = AbortSignal.any([gone, services.stopping]);
    return await answerInLines({ reply, request, signal }, (lines) =>
      services.backUp({
        target: body.target,
        keysFile: body.keys,
        signal,
        onProgress: (progress) => {
          if (progress.done % 1_000 === 0) lines.write({ progress });
        },
      }),
    );
  },
});

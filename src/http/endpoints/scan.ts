import type { Multipart } from '@fastify/multipart';
import { z } from 'zod';
import { ERRORS, type ErrorCode, VigieError } from '../../errors.js';
import { countVerdict } from '../../scan/count-verdict.js';
import type { ScanRequest } from '../../scan/scanner.js';
import { roundedMs, type Verdict } from '../../scan/verdict.js';
import { type Call, endpoint } from '../endpoint.js';
import { answerInLines } from '../json-lines.js';
import { hideDetail } from '../match-detail.js';
import { ProgressLines } from '../progress-lines.js';
import { verdictSchema } from '../schemas.js';

const urlBody = z.object({ url: z.string().max(4_096) }).strict();

const querySchema = z.object({
  fileId: z.string().max(512).optional().describe("The platform's own id of the file; known signals are used again."),
  itemRef: z.string().max(128).optional().describe('What refers to the medium on the platform, for the seen record.'),
  threshold: z.coerce.number().int().min(0).max(128).optional().describe('Greatest PDQ distance that counts.'),
});

type ScanCall = Call<undefined, z.output<typeof querySchema>, undefined>;

export const scan = endpoint({
  method: 'POST',
  url: '/v1/scan',
  scope: 'scan',
  quota: 'scan',
  summary: 'One medium to one verdict',
  description:
    'Send the bytes as application/octet-stream, or as the one file of a multipart form in the field `media`, or ' +
    '`{"url": …}` as JSON. The answer is `match`, `no-match` with a reason, or `could-not-tell` with the error that ' +
    'explains it; a medium that could not be looked at is never `no-match`. With `Accept: application/x-ndjson` the ' +
    'answer is JSON lines: while a video is looked at, `{"progress": {"pass", "seconds", "length"}}`, and at the end ' +
    'one `{"result": …}` or `{"error": …}`.',
  query: querySchema,
  consumes: {
    'application/octet-stream': z.file().describe('The bytes of the medium.'),
    'multipart/form-data': z.object({ media: z.file() }).strict(),
    'application/json': urlBody.meta({ examples: [{ url: 'https://cdn.example/photo.jpg' }] }),
  },
  answer: verdictSchema,
  handle: async (call) => {
    if (call.request.headers.accept !== 'application/x-ndjson') return await scanMedium(call);
    // What it says is written already, and not by the schema.
    return (await answerInLines(call, (lines) => scanMedium(call, new ProgressLines(lines).told))) as never;
  },
});

async function scanMedium(
  { query, request, principal, signal, services }: ScanCall,
  onProgress?: ScanRequest['onProgress'],
) {
  const { itemRef, ...asked } = query;
  const of = itemRef === undefined ? undefined : { text: itemRef };
  const options = {
    ...asked,
    of,
    public: true,
    signal,
    onProgress,
    showFingerprints: principal.scopes.has('entries:read'),
  };
  const { scanner } = services;
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  let verdict: Verdict;
  if (type === 'application/octet-stream') {
    const length = Number(request.headers['content-length']);
    const declaredLength = Number.isSafeInteger(length) ? length : undefined;
    verdict = await scanner.scan(request.body as AsyncIterable<Uint8Array>, { ...options, declaredLength });
  } else if (type === 'multipart/form-data') {
    verdict = await scanParts(request.parts(), (file) => scanner.scan(file, options));
  } else if (type === 'application/json') {
    const body = urlBody.safeParse(request.body);
    if (!body.success) throw new VigieError('request-invalid', { detail: 'the body must be {"url": …}' });
    verdict = await scanner.scanUrl(body.data.url, options);
  } else {
    throw new VigieError('content-type-unsupported');
  }
  countVerdict(services.metrics, verdict, 'public');
  const scan = await services.intake.scanVerdicts.keep(verdict, { by: principal.id, itemRef });
  return {
    scan,
    ...verdict,
    ms: roundedMs(verdict.ms),
    matches: verdict.matches.map((match) => hideDetail(match, principal)),
    withoutEffect: verdict.withoutEffect.map((match) => hideDetail(match, principal)),
    ...(verdict.verdict === 'could-not-tell' ? { error: explain(verdict.reason) } : {}),
  };
}

function explain(reason: Verdict['reason']) {
  const code = reason !== null && Object.hasOwn(ERRORS, reason) ? (reason as ErrorCode) : 'media-damaged';
  return new VigieError(code).toProblem();
}

/** Takes the one file in the field `media`; anything else in the form is a mistake that is said, not passed over. */
async function scanParts(
  parts: AsyncIterableIterator<Multipart>,
  scanFile: (file: AsyncIterable<Uint8Array>) => Promise<Verdict>,
): Promise<Verdict> {
  let verdict: Verdict | undefined;
  for await (const part of parts) {
    if (part.fieldname !== 'media' || part.type !== 'file') {
      throw new VigieError('request-invalid', { detail: 'the form has a part that is not the file `media`' });
    }
    if (verdict !== undefined) throw new VigieError('request-invalid', { detail: 'the file `media` is given twice' });
    verdict = await scanFile(part.file);
    // A verdict may come before the file's end, and what follows it in the form only behind that.
    for await (const _ of part.file);
    if (part.file.truncated) throw new VigieError('media-too-large');
  }
  if (verdict === undefined) throw new VigieError('request-invalid', { detail: 'the form has no file `media`' });
  return verdict;
}

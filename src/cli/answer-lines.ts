import { type Problem, VigieError } from '../errors.js';
import { fromProblem, lostOr } from './service-client.js';

type Line<Progress, Result> =
  | { readonly progress: Progress }
  | { readonly result: Result }
  | { readonly error: Partial<Problem> };

/**
 * Reads an answer of JSON lines to its result.
 * @throws VigieError as the service told it; `service-lost` when the answer has no end
 */
export async function resultOf<Progress, Result>(
  body: AsyncIterable<Uint8Array>,
  onProgress: (progress: Progress) => void,
): Promise<Result> {
  try {
    for await (const text of linesOf(body)) {
      const line = JSON.parse(text) as Line<Progress, Result>;
      if ('error' in line) throw fromProblem(line.error);
      if ('result' in line) return line.result;
      onProgress(line.progress);
    }
  } catch (cause) {
    throw lostOr(cause);
  }
  throw new VigieError('service-lost');
}

/** Not by `readline`, which turns an answer that is cut off into an error that nobody can catch. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

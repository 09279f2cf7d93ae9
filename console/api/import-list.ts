import { listPath } from './client.js';
import { ApiProblem, noAnswer } from './problem.js';
import { sendForLines } from './send-for-lines.js';
import type { HashList, ImportLine, ImportProgress, ImportResult } from './types.js';

export interface ImportRequest {
  readonly list: string;
  readonly file: File;
  readonly format: string;
  /** What a new list holds; for one that is there, what it holds already. */
  readonly content: HashList['content'];
  /** What plain values are, where their length does not tell. */
  readonly type?: string;
  readonly source?: string;
  readonly licence?: string;
  /** A date such as 2027-06-30. */
  readonly expires?: string;
}

export interface ImportListener {
  /** Bytes that have left this machine; the service reads as fast as it takes them. */
  readonly onSent: (bytes: number) => void;
  readonly onProgress: (progress: ImportProgress) => void;
}

/**
 * Sends a list and follows what the service says of it.
 * @throws ApiProblem when the list is as it was
 */
export async function importList(
  { list, file, format, content, type, source, licence, expires }: ImportRequest,
  { onSent, onProgress }: ImportListener,
  signal: AbortSignal,
): Promise<ImportResult> {
  const query = new URLSearchParams({ format, content, sourceName: file.name });
  for (const [key, value] of Object.entries({ type, source, licence, expires })) {
    if (value !== undefined && value !== '') query.set(key, value);
  }
  let result: ImportResult | undefined;
  let refused: ApiProblem | undefined;
  const onLine = (line: ImportLine): void => {
    if ('progress' in line) onProgress(line.progress);
    else if ('result' in line) result = line.result;
    else refused = new ApiProblem(line.error);
  };
  const path = listPath(list, `/import?${query}`);
  await sendForLines({ method: 'PUT', path, body: file, onSent, onLine }, signal);
  if (result === undefined) throw refused ?? noAnswer();
  return result;
}

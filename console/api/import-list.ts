import { CONSOLE_HEADER, listPath } from './client.js';
import { LineReader } from './line-reader.js';
import { ApiProblem, noAnswer, problemFrom } from './problem.js';
import type { ImportLine, ImportProgress, ImportResult } from './types.js';

export interface ImportRequest {
  readonly list: string;
  readonly file: File;
  readonly format: string;
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
 * Sends a list and follows what the service says of it, line by line. XMLHttpRequest, because `fetch` tells nothing
 * of how much of a body was sent.
 * @throws ApiProblem when the list is as it was
 */
export function importList(
  { list, file, format, type, source, licence, expires }: ImportRequest,
  { onSent, onProgress }: ImportListener,
  signal: AbortSignal,
): Promise<ImportResult> {
  const query = new URLSearchParams({ format, sourceName: file.name });
  for (const [key, value] of Object.entries({ type, source, licence, expires })) {
    if (value !== undefined && value !== '') query.set(key, value);
  }
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const reader = new LineReader<ImportLine>();
    let result: ImportResult | undefined;
    let refused: ApiProblem | undefined;
    const read = (): void => {
      if (request.status !== 200) return;
      for (const line of reader.take(request.responseText)) {
        if ('progress' in line) onProgress(line.progress);
        else if ('result' in line) result = line.result;
        else refused = new ApiProblem(line.error);
      }
    };
    const abort = (): void => request.abort();
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', abort);
      settle();
    };
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onprogress = read;
    request.onerror = () => end(() => reject(noAnswer()));
    request.onabort = () => end(() => reject(new DOMException('The import was cancelled.', 'AbortError')));
    request.onload = () =>
      end(() => {
        read();
        if (request.status !== 200) reject(problemFrom(request.status, request.responseText));
        else if (result !== undefined) resolve(result);
        else reject(refused ?? noAnswer());
      });
    request.open('PUT', listPath(list, `/import?${query}`));
    request.setRequestHeader(...CONSOLE_HEADER);
    request.setRequestHeader('content-type', 'application/octet-stream');
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else request.send(file);
  });
}

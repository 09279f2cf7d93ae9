import { CONSOLE_HEADER } from './client.js';
import { LineReader } from './line-reader.js';
import { noAnswer, problemFrom } from './problem.js';

interface Sending<Line> {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: Blob;
  /** Bytes that have left this machine; the service reads as fast as it takes them. */
  readonly onSent: (bytes: number) => void;
  readonly onLine: (line: Line) => void;
}

/**
 * Sends bytes and follows what the service says of them, line by line. XMLHttpRequest, because `fetch` tells nothing of
 * how much of a body was sent.
 * @throws ApiProblem when the service says no before its first line, or does not answer; an `AbortError`
 */
export function sendForLines<Line>(
  { method, path, body, onSent, onLine }: Sending<Line>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const reader = new LineReader<Line>();
    const read = (): void => {
      if (request.status === 200) for (const line of reader.take(request.responseText)) onLine(line);
    };
    const abort = (): void => request.abort();
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', abort);
      settle();
    };
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onprogress = read;
    request.onerror = () => end(() => reject(noAnswer()));
    request.onabort = () => end(() => reject(new DOMException('It was cancelled.', 'AbortError')));
    request.onload = () =>
      end(() => {
        read();
        if (request.status === 200) resolve();
        else reject(problemFrom(request.status, request.responseText));
      });
    request.open(method, path);
    request.setRequestHeader(...CONSOLE_HEADER);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('accept', 'application/x-ndjson');
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else request.send(body);
  });
}

import { ApiProblem, noAnswer } from './problem.js';
import { sendForLines } from './send-for-lines.js';
import type { ScanLine, ScanProgress, Verdict } from './types.js';

export interface ScanListener {
  /** Bytes that have left this machine. */
  readonly onSent: (bytes: number) => void;
  /** For a video: how far it was looked at. */
  readonly onProgress: (progress: ScanProgress) => void;
}

/**
 * The verdict on one medium.
 * @throws ApiProblem when there is none; the `AbortError` of the signal
 */
export async function scan(body: Blob, { onSent, onProgress }: ScanListener, signal: AbortSignal): Promise<Verdict> {
  let verdict: Verdict | undefined;
  let refused: ApiProblem | undefined;
  const onLine = (line: ScanLine): void => {
    if ('progress' in line) onProgress(line.progress);
    else if ('result' in line) verdict = line.result;
    else refused = new ApiProblem(line.error);
  };
  await sendForLines({ method: 'POST', path: '/v1/scan', body, onSent, onLine }, signal);
  if (verdict === undefined) throw refused ?? noAnswer();
  return verdict;
}

import { SingleBar } from 'cli-progress';
import { bytesInWords } from './output.js';

/** How far an import is: bytes that were sent, then what the service makes of them. */
export interface Bar {
  update(bytes: number): void;
  stage(name: string, records: number): void;
  stop(): void;
}

/** A bar on a terminal; silence elsewhere. */
export function progressBar(total: number | undefined): Bar {
  if (process.stderr.isTTY !== true) return { update() {}, stage() {}, stop() {} };
  const bar = new SingleBar({
    format: total === undefined ? '{stage}  {done}' : '{stage} {bar} {percentage}%  {done}  {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
  });
  bar.start(total ?? 1, 0, { stage: 'sending ', done: '' });
  return {
    update: (bytes) => bar.update(total === undefined ? 0 : bytes, { done: bytesInWords(bytes) }),
    stage: (stage, records) => bar.update({ stage: `${stage} `, done: `${records.toLocaleString('en')} records` }),
    stop: () => bar.stop(),
  };
}

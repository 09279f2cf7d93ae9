import { VigieError } from '../../errors.js';
import { wasmBase64 } from '../pdq-kernel.generated.js';
import { LAYOUT_VERSION } from './pdq-layout.js';

/** What the kernel exports; addresses and counts are unsigned 32-bit numbers. See assembly/pdq-kernel.ts. */
export interface PdqKernel {
  layoutVersion(): number;
  search(
    slot: number,
    hashes: number,
    starts: number,
    tags: number,
    postings: number,
    keyBits: number,
    threshold: number,
    out: number,
    capacity: number,
    mostPostings: number,
    mostCandidates: number,
    firstTable: number,
    firstProbe: number,
    firstPosting: number,
  ): number;
  scan(
    query: number,
    hashes: number,
    first: number,
    count: number,
    threshold: number,
    out: number,
    capacity: number,
  ): number;
  scanWords: PdqKernel['scan'];
  build(hashes: number, starts: number, tags: number, postings: number, count: number, keyBits: number): void;
  resumeTable(): number;
  resumeProbe(): number;
  resumePosting(): number;
  postingsScanned(): number;
  rowsCompared(): number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * An instance over `memory`, which may be shared with other threads: the kernel keeps nothing of its own there.
 * @throws VigieError `internal` for a kernel that was compiled from other sources: it would find nothing, and not say so
 */
export function pdqKernel(memory: WebAssembly.Memory): PdqKernel {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(wasmBase64), (c) => c.charCodeAt(0)));
  const abort = (): never => {
    throw new Error('The PDQ kernel stopped.');
  };
  const kernel = new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as PdqKernel;
  if (kernel.layoutVersion?.() !== LAYOUT_VERSION) {
    throw new VigieError('internal', { detail: 'the PDQ kernel is of another build: npm run build' });
  }
  return kernel;
}

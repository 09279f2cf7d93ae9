import { wasmBase64 } from '../photodna-kernel.generated.js';

/** What the kernel exports; addresses and counts are unsigned 32-bit numbers. See assembly/photodna-kernel.ts. */
export interface PhotoDnaKernel {
  search(
    manhattan: boolean,
    query: number,
    querySketch: number,
    groups: number,
    leaves: number,
    sketches: number,
    rows: number,
    count: number,
    threshold: number,
    bound: number,
    cells: number,
    firstLeaf: number,
    out: number,
    capacity: number,
  ): number;
  scan(
    manhattan: boolean,
    query: number,
    rows: number,
    count: number,
    threshold: number,
    first: number,
    out: number,
    capacity: number,
  ): number;
  stoppedAt(): number;
  fullCompares(): number;
}

let compiled: WebAssembly.Module | undefined;

/** An instance over `memory`, which may be shared with other threads: the kernel keeps nothing of its own there. */
export function photoDnaKernel(memory: WebAssembly.Memory): PhotoDnaKernel {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(wasmBase64), (c) => c.charCodeAt(0)));
  const abort = (): never => {
    throw new Error('The PhotoDNA kernel stopped.');
  };
  return new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as PhotoDnaKernel;
}

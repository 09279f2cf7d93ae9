import { VigieError } from '../errors.js';
import { type PngChunk, readPngChunks, writePng } from './png-chunks.js';

/** One frame of an animated PNG: a part of the canvas, and what happens before and after it is shown. */
export interface ApngFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Its pixels replace those of the canvas; otherwise they are laid over them. */
  readonly replaces: boolean;
  /** What becomes of its part of the canvas before the next frame. */
  readonly dispose: 'keep' | 'clear' | 'restore';
  /** How long it stays, in seconds. */
  readonly delay: number;
  /** The pixels, as a PNG of its own. */
  readonly png: () => Uint8Array;
}

export interface Apng {
  readonly width: number;
  readonly height: number;
  /** What is shown where nothing animates, when the animation does not begin with it. */
  readonly still: (() => Uint8Array) | undefined;
  readonly frames: readonly ApngFrame[];
  readonly whole: boolean;
}

interface Control extends Omit<ApngFrame, 'png'> {
  readonly parts: Uint8Array[];
}

/**
 * Takes an animated PNG apart into one PNG a frame (https://www.w3.org/TR/png-3/#apng-frame-based-animation).
 * @throws VigieError `media-damaged` when it has no header or no pixels at all
 */
export function readApng(bytes: Uint8Array): Apng {
  const { chunks, whole } = readPngChunks(bytes);
  const header = chunks.find(({ name }) => name === 'IHDR')?.data;
  if (header === undefined || header.length < 13) throw new VigieError('media-damaged');
  const size = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [width, height] = [size.getUint32(0), size.getUint32(4)];
  const shared: PngChunk[] = [];
  const still: Uint8Array[] = [];
  const controls: Control[] = [];
  let fits = true;
  let last: Control | undefined;
  let owner: Control | undefined;
  for (const { name, data } of chunks) {
    if (name === 'fcTL') {
      last = readControl(data, width, height);
      if (last === undefined) fits = false;
      else controls.push(last);
    } else if (name === 'IDAT') {
      // The still picture is the animation's first frame when a frame was announced before it.
      if (still.length === 0) owner = last;
      still.push(data);
      owner?.parts.push(data);
    } else if (name === 'fdAT') last?.parts.push(data.subarray(4));
    else if (still.length === 0 && (name === 'PLTE' || name === 'tRNS')) shared.push({ name, data });
  }
  if (still.length === 0) throw new VigieError('media-damaged');
  const png = (w: number, h: number, parts: readonly Uint8Array[]) => () => {
    const own = Buffer.from(header);
    own.writeUInt32BE(w, 0);
    own.writeUInt32BE(h, 4);
    return writePng([{ name: 'IHDR', data: own }, ...shared, ...parts.map((data) => ({ name: 'IDAT', data }))]);
  };
  const frames = controls.filter(({ parts }) => parts.length > 0);
  return {
    width,
    height,
    still: owner === undefined ? png(width, height, still) : undefined,
    frames: frames.map(({ parts, ...frame }) => ({ ...frame, png: png(frame.width, frame.height, parts) })),
    whole: whole && fits && frames.length === controls.length,
  };
}

/** @returns undefined when the frame does not lie within the canvas, which the specification forbids */
function readControl(data: Uint8Array, width: number, height: number): Control | undefined {
  if (data.length < 26) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [w, h, left, top] = [view.getUint32(4), view.getUint32(8), view.getUint32(12), view.getUint32(16)];
  if (w === 0 || h === 0 || left + w > width || top + h > height) return undefined;
  const dispose = (['keep', 'clear', 'restore'] as const)[data[24] as number];
  if (dispose === undefined) return undefined;
  // A denominator of 0 stands for hundredths.
  const delay = view.getUint16(20) / (view.getUint16(22) || 100);
  return { left, top, width: w, height: h, replaces: data[25] === 0, dispose, delay, parts: [] };
}

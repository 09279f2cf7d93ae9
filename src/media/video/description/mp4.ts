import type { VideoFacts } from '../frame-source.js';
import type { BytesOf } from './bytes-of.js';
import { boxesOf, inside, only } from './iso-boxes.js';

/** Sample entries of which one codec alone follows. */
const CODECS: Readonly<Record<string, string>> = {
  ...{ avc1: 'h264', avc3: 'h264', hvc1: 'hevc', hev1: 'hevc', vp08: 'vp8', vp09: 'vp9', av01: 'av1' },
  ...{ jpeg: 'mjpeg', s263: 'h263' },
};
/** Tracks that are neither seen nor heard, and what their samples are called. */
const OTHER_TRACKS: Readonly<Record<string, string>> = { tmcd: 'tmcd', meta: 'mebx' };
const ONE = 0x1_0000;
/** Pictures upright, and turned clockwise by quarters: `a b c d` of the matrix of ISO/IEC 14496-12, 8.3.2. */
const TURNS: Readonly<Record<string, number>> = {
  [[ONE, 0, 0, ONE].join()]: 0,
  [[0, ONE, -ONE, 0].join()]: 90,
  [[-ONE, 0, 0, -ONE].join()]: 180,
  [[0, -ONE, ONE, 0].join()]: 270,
};

/**
 * Reads what an ISO file (MP4, MOV, 3GP) says of its one track of moving pictures. Whatever is out of the ordinary — several such
 * tracks, a cover, fragments, edits that do more than begin late, a mirrored or scaled picture — is left to the decoder's own reading.
 * @param moov content of the box that describes it
 * @returns undefined when it is not an ordinary one
 */
export function readMoov(moov: BytesOf): VideoFacts | undefined {
  const boxes = boxesOf(moov);
  const head = boxes && only(boxes, 'mvhd');
  if (boxes === undefined || head === undefined) return undefined;
  const long = head.u8(0) === 1;
  const timescale = head.u32(long ? 20 : 12);
  if (timescale === 0 || turnOf(head, long ? 48 : 36) !== 0) return undefined;
  // Covers are streams of their own, which would be counted too.
  if (boxes.some(({ name, content }) => name === 'mvex' || name === 'cmov' || holdsCover(name, content)))
    return undefined;
  let found: VideoFacts | undefined;
  let stream = 0;
  for (const { name, content } of boxes) {
    if (name !== 'trak') continue;
    const kind = kindOf(content);
    if (kind === undefined || (kind === 'pictures' && found !== undefined)) return undefined;
    if (kind === 'pictures') {
      found = readTrack(content, stream, timescale);
      if (found === undefined) return undefined;
    }
    stream++;
  }
  return found;
}

function holdsCover(name: string, { bytes }: BytesOf): boolean {
  return name !== 'trak' && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('covr');
}

/** @returns undefined for a track that might be anything */
function kindOf(trak: BytesOf): 'pictures' | 'sound' | 'other' | undefined {
  const handler = inside(trak, 'mdia', 'hdlr')?.text(8, 12) ?? '';
  if (handler === 'vide') return 'pictures';
  if (handler === 'soun') return 'sound';
  return handler in OTHER_TRACKS && sampleEntry(trak)?.name === OTHER_TRACKS[handler] ? 'other' : undefined;
}

/** The description of all samples; undefined when there are several. */
function sampleEntry(trak: BytesOf) {
  const stsd = inside(trak, 'mdia', 'minf', 'stbl', 'stsd');
  if (stsd === undefined || stsd.u32(4) !== 1) return undefined;
  const [entry, ...more] = boxesOf(stsd.part(8, stsd.length)) ?? [];
  return more.length > 0 ? undefined : entry;
}

function readTrack(trak: BytesOf, stream: number, movieScale: number): VideoFacts | undefined {
  const tkhd = inside(trak, 'tkhd');
  const mdhd = inside(trak, 'mdia', 'mdhd');
  const entry = sampleEntry(trak);
  const codec = entry && Object.hasOwn(CODECS, entry.name) ? CODECS[entry.name] : undefined;
  if (tkhd === undefined || mdhd === undefined || entry === undefined || codec === undefined) return undefined;
  const rotation = turnOf(tkhd, tkhd.u8(0) === 1 ? 52 : 40);
  const long = mdhd.u8(0) === 1;
  const timescale = mdhd.u32(long ? 20 : 12);
  const samples = countSamples(inside(trak, 'mdia', 'minf', 'stbl', 'stts'));
  const shown = shownSeconds(trak, movieScale);
  const [width, height] = [entry.content.u16(24), entry.content.u16(26)];
  if (rotation === undefined || samples === undefined || shown === undefined || width * height === 0) return undefined;
  const duration = Math.min(long ? mdhd.u64(24) : mdhd.u32(16), samples.duration);
  const seconds = Math.min(duration / timescale, shown);
  if (!(seconds > 0 && seconds < 1e9)) return undefined;
  const fps = (timescale * samples.count) / samples.duration;
  const told = { stream, codec, width, height, rotation, fps, seconds, frames: samples.count };
  return { ...told, confirmed: false };
}

/** @returns degrees clockwise; undefined for what is more than a quarter turn @param at where the matrix lies */
function turnOf(head: BytesOf, at: number): number | undefined {
  const [a, b, u, c, d, v] = Array.from({ length: 6 }, (_, i) => head.i32(at + i * 4));
  const straight = u === 0 && v === 0 && head.u32(at + 32) === 0x4000_0000;
  return straight ? TURNS[[a, b, c, d].join()] : undefined;
}

function countSamples(stts: BytesOf | undefined): { readonly count: number; readonly duration: number } | undefined {
  const entries = stts?.u32(4) ?? 0;
  if (stts === undefined || stts.length < 8 + entries * 8) return undefined;
  let [count, duration] = [0, 0];
  for (let i = 0; i < entries; i++) {
    const [samples, each] = [stts.u32(8 + i * 8), stts.u32(12 + i * 8)];
    // What the decoder takes for a mistake, and mends.
    if (each > 0x7fff_ffff) return undefined;
    count += samples;
    duration += samples * each;
  }
  return count > 0 && duration > 0 && Number.isSafeInteger(duration) ? { count, duration } : undefined;
}

/** How long an edit list lets it be seen; undefined when it does more than begin in it. */
function shownSeconds(trak: BytesOf, movieScale: number): number | undefined {
  const edts = only(boxesOf(trak) ?? [], 'edts');
  if (edts === undefined) return Number.POSITIVE_INFINITY;
  const elst = inside(edts, 'elst');
  const long = elst?.u8(0) === 1;
  if (elst === undefined || elst.u32(4) !== 1) return undefined;
  const [length, from] = long ? [elst.u64(8), elst.u64(16)] : [elst.u32(8), elst.i32(12)];
  const rate = elst.u32(long ? 24 : 16);
  if (!(from >= 0) || rate !== ONE) return undefined;
  // Written so by muxers that do not know yet: all of it.
  return length === 0 ? Number.POSITIVE_INFINITY : length / movieScale;
}

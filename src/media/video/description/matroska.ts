import type { VideoFacts } from '../frame-source.js';
import { BytesOf } from './bytes-of.js';

/** An element of EBML (RFC 8794) with what is in it. */
interface Element {
  readonly id: number;
  readonly content: BytesOf;
}

const ID = {
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  info: 0x1549a966,
  tracks: 0x1654ae6b,
  cluster: 0x1f43b675,
  attachments: 0x1941a469,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  track: 0xae,
  trackType: 0x83,
  codec: 0x86,
  defaultDuration: 0x23e383,
  encodings: 0x6d80,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
} as const;
/** Checksums and gaps. */
const IDLE: readonly number[] = [0xbf, 0xec];
const ONCE: readonly number[] = [ID.seekHead, ID.info, ID.tracks];
/** Elements of a description of pictures that change what is seen of them: cropping, projection, stereo. */
const UNUSUAL: readonly number[] = [0x54aa, 0x54bb, 0x54cc, 0x54dd, 0x7670, 0x53b8];
const CODECS: Readonly<Record<string, string>> = {
  ...{ V_VP8: 'vp8', V_VP9: 'vp9', V_AV1: 'av1' },
  ...{ 'V_MPEG4/ISO/AVC': 'h264', 'V_MPEGH/ISO/HEVC': 'hevc' },
};
const VIDEO = 1;
const SOUND = 2;
/** More in one place are no description that anybody wrote. */
const MOST = 256;

/**
 * Reads what a Matroska or WebM file (RFC 9559) says of its one track of moving pictures. Whatever is out of the ordinary is left to
 * the decoder's own reading: several such tracks, attached pictures, frames without a rate, a length that is not told.
 * @param head the beginning of the file
 * @returns undefined when it is not an ordinary one, or the description is not all there
 */
export function readMatroska(head: Uint8Array): VideoFacts | undefined {
  const found = new Map<number, BytesOf>();
  for (const { id, content } of elementsOf(new BytesOf(head), [ID.segment])) {
    if (id === ID.cluster) break;
    if (id === ID.attachments || (ONCE.includes(id) && found.has(id))) return undefined;
    found.set(id, content);
  }
  const [seekHead, info, tracks] = [found.get(ID.seekHead), found.get(ID.info), found.get(ID.tracks)];
  if (info === undefined || tracks === undefined || mentionsAttachments(seekHead)) return undefined;
  const scale = number(info, ID.timestampScale) ?? 1_000_000;
  const told = child(info, ID.duration);
  const seconds = told === undefined ? 0 : (told.float(0, told.length) * scale) / 1e9;
  if (!(seconds > 0 && seconds < 1e9)) return undefined;
  let pictures: { readonly track: BytesOf; readonly stream: number } | undefined;
  const listed = elementsOf(tracks, []).filter(({ id }) => !IDLE.includes(id));
  for (const [stream, { id, content }] of listed.entries()) {
    const type = number(content, ID.trackType);
    if (id !== ID.track || (type !== VIDEO && type !== SOUND)) return undefined;
    if (type === SOUND) continue;
    if (pictures !== undefined) return undefined;
    pictures = { track: content, stream };
  }
  return pictures && readTrack(pictures.track, pictures.stream, seconds);
}

function readTrack(track: BytesOf, stream: number, seconds: number): VideoFacts | undefined {
  const name = child(track, ID.codec);
  const codec = CODECS[(name?.text(0, name.length) ?? '').replace(/\0+$/, '')];
  const video = child(track, ID.video);
  const each = number(track, ID.defaultDuration) ?? 0;
  if (codec === undefined || video === undefined || each === 0 || child(track, ID.encodings)) return undefined;
  const [width, height] = [number(video, ID.pixelWidth) ?? 0, number(video, ID.pixelHeight) ?? 0];
  const plain = width > 0 && height > 0 && !elementsOf(video, []).some(({ id }) => UNUSUAL.includes(id));
  if (!plain) return undefined;
  const told = { stream, codec, width, height, rotation: 0, fps: 1e9 / each, seconds, frames: 0 };
  return { ...told, confirmed: false };
}

function mentionsAttachments(seekHead: BytesOf | undefined): boolean {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(ID.attachments);
  return seekHead !== undefined && Buffer.from(seekHead.bytes).includes(id);
}

function child(parent: BytesOf, wanted: number): BytesOf | undefined {
  return elementsOf(parent, []).find(({ id }) => id === wanted)?.content;
}

function number(parent: BytesOf, wanted: number): number | undefined {
  const content = child(parent, wanted);
  if (content === undefined || content.length === 0 || content.length > 6) return undefined;
  return content.bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Elements as far as they are there whole; those of `opened` give way to what is in them. */
function elementsOf(bytes: BytesOf, opened: readonly number[]): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length && elements.length < MOST; ) {
    const idBytes = Math.clz32(bytes.u8(at)) - 23;
    const sizeBytes = Math.clz32(bytes.u8(at + idBytes)) - 23;
    if (idBytes > 4 || sizeBytes > 8) break;
    const from = at + idBytes + sizeBytes;
    let id = 0;
    for (let i = 0; i < idBytes; i++) id = id * 256 + bytes.u8(at + i);
    if (opened.includes(id)) {
      at = from;
      continue;
    }
    let size = bytes.u8(at + idBytes) & ((1 << (8 - sizeBytes)) - 1);
    for (let i = 1; i < sizeBytes; i++) size = size * 256 + bytes.u8(at + idBytes + i);
    // One that goes on beyond what is there tells by its kind that the description has ended.
    const whole = from + size <= bytes.length;
    if (!whole && id !== ID.cluster) break;
    elements.push({ id, content: bytes.part(from, whole ? from + size : bytes.length) });
    if (!whole) break;
    at = from + size;
  }
  return elements;
}

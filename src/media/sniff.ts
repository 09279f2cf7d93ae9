import { constants, gunzipSync } from 'node:zlib';
import type { MediaKind } from './media-signals.js';

export interface Sniffed {
  readonly kind: MediaKind;
  readonly format: string;
}

interface Rule extends Sniffed {
  readonly at: number;
  readonly bytes: readonly number[];
}

const ascii = (text: string): readonly number[] => [...text].map((character) => character.charCodeAt(0));
const image = (format: string, bytes: readonly number[], at = 0): Rule => ({ kind: 'image', format, at, bytes });
const video = (format: string, bytes: readonly number[], at = 0): Rule => ({ kind: 'video', format, at, bytes });
const other = (format: string, bytes: readonly number[], at = 0): Rule => ({ kind: 'other', format, at, bytes });

/** In order: the first that fits is taken. */
const RULES: readonly Rule[] = [
  image('jpeg', [0xff, 0xd8, 0xff]),
  image('png', [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a]),
  image('gif', ascii('GIF87a')),
  image('gif', ascii('GIF89a')),
  image('webp', ascii('WEBP'), 8),
  image('tiff', [...ascii('II'), 42, 0]),
  image('tiff', [...ascii('MM'), 0, 42]),
  image('tiff', [...ascii('II'), 43, 0]),
  image('tiff', [...ascii('MM'), 0, 43]),
  image('jxl', [0xff, 0x0a]),
  image('jxl', [0, 0, 0, 12, ...ascii('JXL '), 0x0d, 0x0a, 0x87, 0x0a]),
  image('jp2', [0, 0, 0, 12, ...ascii('jP  '), 0x0d, 0x0a, 0x87, 0x0a]),
  image('jp2', [0xff, 0x4f, 0xff, 0x51]),
  image('psd', ascii('8BPS')),
  image('ico', [0, 0, 1, 0]),
  image('ico', [0, 0, 2, 0]),
  image('icns', ascii('icns')),
  image('jxr', [...ascii('II'), 0xbc, 1]),
  image('exr', [0x76, 0x2f, 0x31, 1]),
  image('hdr', ascii('#?R')),
  image('dds', ascii('DDS ')),
  image('qoi', ascii('qoif')),
  image('mng', [0x8a, ...ascii('MNG\r\n')]),
  image('jng', [0x8b, ...ascii('JNG\r\n')]),
  image('bpg', [...ascii('BPG'), 0xfb]),
  image('flif', ascii('FLIF')),
  image('xcf', ascii('gimp xcf')),
  image('djvu', ascii('AT&TFORM')),
  image('raw', ascii('IIRO')),
  image('raw', ascii('IIRS')),
  image('raw', ascii('IIU\0')),
  image('raw', ascii('FUJIFILMCCD-RAW')),
  image('raw', ascii('FOVb')),
  image('bmp', ascii('BM')),
  video('avi', ascii('AVI '), 8),
  video('matroska', [0x1a, 0x45, 0xdf, 0xa3]),
  video('flv', ascii('FLV')),
  video('asf', [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]),
  video('mpegps', [0, 0, 1, 0xba]),
  video('mpegps', [0, 0, 1, 0xb3]),
  video('realmedia', ascii('.RMF')),
  video('ivf', ascii('DKIF')),
  video('mxf', [0x06, 0x0e, 0x2b, 0x34, 0x02, 0x05]),
  video('h264', [0, 0, 0, 1, 0x67]),
  other('pdf', ascii('%PDF-')),
  other('zip', ascii('PK\x03\x04')),
  other('ogg', ascii('OggS')),
  other('mp3', ascii('ID3')),
  other('flac', ascii('fLaC')),
  other('gzip', [0x1f, 0x8b]),
];

const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1', 'heif'];
const OLD_QUICKTIME = ['moov', 'mdat', 'wide', 'skip', 'pnot'];
/** Boxes that may stand before the one that names the format, or in its place; none is larger than 16 MiB there. */
const OTHER_BOXES = ['free', 'uuid', 'styp', 'sidx', 'moof', 'junk', 'pict'];
const OGG_VIDEO = /theora|\bvideo|daala|BBCD|OVP80/;
const PNM = /^P[1-7](?:\s|#[^\n]*\n)+(?:\d+\s|WIDTH )/;
/** A drawing whose root element comes after nothing but declarations and remarks; not a page with drawings in it. */
const SVG = /^(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*>\s*|<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<(?:svg:)?svg[\s>]/i;

/**
 * Tells what a medium is from its first bytes, never from a name or a declared type. A file that is two things at once
 * is what its beginning says, which is what viewers go by.
 */
export function sniff(bytes: Uint8Array): Sniffed {
  const box = text(bytes, 4, 8);
  if (box === 'ftyp') return isoMedia(bytes);
  // QuickTime from before there was a box that names the format.
  if (OLD_QUICKTIME.includes(box)) return { kind: 'video', format: 'mov' };
  if (OTHER_BOXES.includes(box) && bytes[0] === 0) return { kind: 'video', format: 'mov' };
  for (const { kind, format, at, bytes: wanted } of RULES) {
    if (!wanted.every((byte, i) => bytes[at + i] === byte)) continue;
    if (format === 'webp' && text(bytes, 0, 4) !== 'RIFF') continue;
    if (format === 'avi' && text(bytes, 0, 4) !== 'RIFF') continue;
    if (format === 'bmp' && !looksLikeBitmap(bytes)) continue;
    if (format === 'gzip' && isDrawnSticker(bytes)) return { kind: 'video', format: 'tgs' };
    if (format === 'png' && isAnimatedPng(bytes)) return { kind, format: 'apng' };
    if (format === 'ogg' && OGG_VIDEO.test(text(bytes, 0, 512))) return { kind: 'video', format };
    return { kind, format };
  }
  if (isTransportStream(bytes)) return { kind: 'video', format: 'mpegts' };
  const start = text(bytes, 0, 1_024);
  if (PNM.test(start)) return { kind: 'image', format: 'pnm' };
  return SVG.test(start) ? { kind: 'image', format: 'svg' } : { kind: 'other', format: 'unknown' };
}

function isoMedia(bytes: Uint8Array): Sniffed {
  const size = Math.min(bytes.length, Math.max(16, bytes[3] ?? 0), 256);
  const brands = [text(bytes, 8, 12)];
  for (let at = 16; at + 4 <= size; at += 4) brands.push(text(bytes, at, at + 4));
  const has = (names: readonly string[]) => brands.some((brand) => names.includes(brand));
  if (has(AVIF_BRANDS)) return { kind: 'image', format: 'avif' };
  if (has(HEIC_BRANDS)) return { kind: 'image', format: 'heic' };
  const [major = ''] = brands;
  if (major === 'jxl ') return { kind: 'image', format: 'jxl' };
  return { kind: 'video', format: major.startsWith('qt') ? 'mov' : major.startsWith('3g') ? '3gp' : 'mp4' };
}

/** `BM` begins many texts; a bitmap also says how long its header is. */
function looksLikeBitmap(bytes: Uint8Array): boolean {
  const header = bytes[14] ?? 0;
  return bytes[15] === 0 && [12, 16, 40, 52, 56, 64, 108, 124].includes(header);
}

/** An animated PNG has an `acTL` chunk before its first `IDAT`. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; ) {
    const name = text(bytes, at + 4, at + 8);
    if (name === 'acTL') return true;
    if (name === 'IDAT') return false;
    at += 12 + view.getUint32(at);
  }
  return false;
}

/** An animated sticker of Telegram: Lottie, which is JSON, in gzip. It says what it is at its beginning. */
function isDrawnSticker(bytes: Uint8Array): boolean {
  try {
    const start = gunzipSync(bytes.subarray(0, 4_096), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 2 ** 23,
    });
    const json = start.toString('latin1', 0, 16_384);
    return /^\s*\{/.test(json) && (/"tgs"\s*:\s*1/.test(json) || (/"ip"\s*:/.test(json) && /"layers"\s*:/.test(json)));
  } catch {
    return false;
  }
}

/** MPEG transport packets of 188 bytes, or 192 with a time before each, begin with the same byte. */
function isTransportStream(bytes: Uint8Array): boolean {
  const every = (first: number, step: number) =>
    bytes.length >= step * 3 && [0, 1, 2].every((i) => bytes[first + i * step] === 0x47);
  return every(0, 188) || every(4, 192);
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, bytes.length)));
}

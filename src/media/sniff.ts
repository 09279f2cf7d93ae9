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
  image('bmp', ascii('BM')),
  video('avi', ascii('AVI '), 8),
  video('matroska', [0x1a, 0x45, 0xdf, 0xa3]),
  video('flv', ascii('FLV')),
  video('asf', [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]),
  video('mpegps', [0, 0, 1, 0xba]),
  video('mpegps', [0, 0, 1, 0xb3]),
  other('pdf', ascii('%PDF-')),
  other('zip', ascii('PK\x03\x04')),
  other('ogg', ascii('OggS')),
  other('mp3', ascii('ID3')),
  other('flac', ascii('fLaC')),
  other('gzip', [0x1f, 0x8b]),
];

const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1', 'heif'];
const AUDIO_BRANDS = ['M4A ', 'M4B ', 'M4P '];

/**
 * Tells what a medium is from its first bytes, never from a name or a declared type. A file that is two things at once
 * is what its beginning says, which is what viewers go by.
 */
export function sniff(bytes: Uint8Array): Sniffed {
  if (text(bytes, 4, 8) === 'ftyp') return isoMedia(bytes);
  for (const { kind, format, at, bytes: wanted } of RULES) {
    if (!wanted.every((byte, i) => bytes[at + i] === byte)) continue;
    if (format === 'webp' && text(bytes, 0, 4) !== 'RIFF') continue;
    if (format === 'avi' && text(bytes, 0, 4) !== 'RIFF') continue;
    if (format === 'bmp' && !looksLikeBitmap(bytes)) continue;
    if (format === 'png' && isAnimatedPng(bytes)) return { kind, format: 'apng' };
    return { kind, format };
  }
  if (isTransportStream(bytes)) return { kind: 'video', format: 'mpegts' };
  return { kind: 'other', format: isSvg(bytes) ? 'svg' : 'unknown' };
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
  if (AUDIO_BRANDS.includes(major)) return { kind: 'other', format: 'm4a' };
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

/** MPEG transport packets of 188 bytes each begin with the same byte. */
function isTransportStream(bytes: Uint8Array): boolean {
  return bytes.length >= 188 * 3 && [0, 188, 376].every((at) => bytes[at] === 0x47);
}

function isSvg(bytes: Uint8Array): boolean {
  return /<svg[\s>]/i.test(text(bytes, 0, 1_024));
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, bytes.length)));
}

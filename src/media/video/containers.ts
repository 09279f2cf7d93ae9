import type { Sniffed } from '../sniff.js';

/** How a container is read. */
export interface Container {
  /** The demuxer that is forced: nothing that the file says of itself may choose another one. */
  readonly demuxer: string;
  /** What that demuxer is called in a list of those that are allowed. */
  readonly allowed: string;
  /** Whether frames can be had from its beginning while the rest is not there: always, never, or as its boxes lie. */
  readonly early: 'always' | 'never' | 'boxes';
}

const ISO: Container = { demuxer: 'mov', allowed: 'mov', early: 'boxes' };
const always = (demuxer: string, allowed = demuxer): Container => ({ demuxer, allowed, early: 'always' });

/** Playlists, concatenations, descriptions of streams and the like, which name other files, are not among them. */
const CONTAINERS: Readonly<Record<string, Container>> = {
  mp4: ISO,
  mov: ISO,
  '3gp': ISO,
  matroska: always('matroska'),
  avi: always('avi'),
  mpegts: always('mpegts'),
  flv: always('flv'),
  ogg: always('ogg'),
  ivf: always('ivf'),
  asf: { demuxer: 'asf', allowed: 'asf', early: 'never' },
  mpegps: { demuxer: 'mpeg', allowed: 'mpeg', early: 'always' },
};

/** The sniffed formats of video that are decoded, for the doctor and for those who ask. */
export const VIDEO_FORMATS: readonly string[] = Object.keys(CONTAINERS);

/** @returns undefined when the format is not decoded @param head the first bytes */
export function containerOf({ format }: Sniffed, head: Uint8Array): Container | undefined {
  // An elementary stream begins with a sequence header in place of a pack header.
  if (format === 'mpegps' && head[3] === 0xb3) return always('mpegvideo');
  return Object.hasOwn(CONTAINERS, format) ? CONTAINERS[format] : undefined;
}

/**
 * Decoders that may be opened, those of sound only because a container is probed with them. Old game and screen codecs,
 * which nobody has looked at for years, are not among them.
 */
export const DECODERS: readonly string[] = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'libdav1d', 'av1', 'mpeg4', 'mjpeg', 'mpeg1video', 'mpeg2video', 'mpegvideo'],
  ...['h263', 'flv', 'msmpeg4v1', 'msmpeg4v2', 'msmpeg4', 'wmv1', 'wmv2', 'wmv3', 'vc1', 'theora', 'png', 'rawvideo'],
  ...['prores', 'dvvideo', 'ffv1', 'huffyuv', 'gif'],
  ...['aac', 'aac_latm', 'ac3', 'eac3', 'mp2', 'mp2float', 'mp3', 'mp3float', 'opus', 'libopus', 'vorbis', 'flac'],
  ...[
    'alac',
    'amrnb',
    'amrwb',
    'wmav1',
    'wmav2',
    'wmapro',
    'pcm_s16le',
    'pcm_s16be',
    'pcm_u8',
    'pcm_alaw',
    'pcm_mulaw',
  ],
];

/** Codecs whose every frame stands by itself: their key frames are no quicker than all frames. */
export const INTRA_ONLY: readonly string[] = [
  'mjpeg',
  'png',
  'rawvideo',
  'prores',
  'dvvideo',
  'ffv1',
  'huffyuv',
  'gif',
];

/**
 * Whether an ISO file (MP4, MOV, 3GP) can be read from its beginning: the box that describes it lies before its frames.
 * @param head what is there of it
 * @returns undefined when that cannot be told yet
 */
export function describedFirst(head: Uint8Array): boolean | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + 16 <= head.length; ) {
    const name = Buffer.from(head.subarray(at + 4, at + 8)).toString('latin1');
    const short = view.getUint32(at);
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (name === 'mdat') return false;
    // The whole box is needed before anything can be told from it.
    if (name === 'moov') return at + size <= head.length ? true : undefined;
    if (size < 8) return false;
    at += size;
  }
  return undefined;
}

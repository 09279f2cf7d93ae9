import { InvalidArgumentError, Option } from 'commander';
import { type Config, DEFAULTS } from '../config.js';
import { AddressGuard } from '../net/address-guard.js';

/** Options that several commands share, each with the environment variable that sets it for good. */

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** `64Mi`, `1.5g`, `250000`: a size in bytes, or a plain count. */
export function size(text: string): number {
  const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?)\s*([kmg]?i?)b?$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit?.toLowerCase() ?? ''];
  if (digits === undefined || factor === undefined) throw new InvalidArgumentError('Give a size such as 64Mi or 2g.');
  return Math.round(Number(digits) * factor);
}

/** `500ms`, `20s`, `2m`, `90d`: milliseconds; a bare number is seconds. */
export function duration(text: string): number {
  const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('Give a time such as 500ms, 20s, 2m or 90d.');
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? 's'] ?? 1_000;
  return Math.round(Number(digits) * factor);
}

export function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** `10.1.0.0/16,192.0.2.7`: addresses and CIDR ranges; the option may be given again. */
export function ranges(text: string, before: readonly string[] = []): readonly string[] {
  const all = text.split(',').map((each) => each.trim());
  try {
    new AddressGuard(all);
  } catch {
    throw new InvalidArgumentError('Give an address or a CIDR range such as 10.1.0.0/16.');
  }
  return [...before, ...all];
}

const path = (text: string): string => {
  if (text === '') throw new InvalidArgumentError('Give a path.');
  return text;
};

export const dataOption = (): Option =>
  new Option('--data <dir>', 'data directory of the service')
    .env('VIGIE_DATA')
    .default(DEFAULTS.dataDir)
    .argParser(path);

export const segmentsOption = (): Option =>
  new Option(
    '--segments <place>',
    'where lists lie when several processes share them: a directory, or s3://bucket/prefix',
  ).env('VIGIE_SEGMENTS');

export const formatOption = (): Option =>
  new Option('--format <name>', 'how to write').choices(['table', 'json']).default('table');

export const decoderOptions = (): readonly Option[] => [
  new Option('--decoders <n>', 'decoder processes').env('VIGIE_DECODERS').argParser(whole(1, 256)),
  new Option('--max-bytes <size>', 'largest picture').env('VIGIE_MAX_BYTES').argParser(size),
  new Option('--max-pixels <count>', 'most pixels of a picture').env('VIGIE_MAX_PIXELS').argParser(size),
  new Option('--max-frames <n>', 'most frames hashed of an animation').argParser(whole(1, 100_000)),
  new Option('--decode-timeout <time>', 'longest decoding of one medium').argParser(duration),
  new Option('--decode-memory <size>', 'most memory of one decoder').argParser(size),
  new Option('--video-decoders <n>', 'video decoder processes').env('VIGIE_VIDEO_DECODERS').argParser(whole(1, 256)),
  new Option('--max-video-bytes <size>', 'largest video; it lies in /dev/shm while it is decoded')
    .env('VIGIE_MAX_VIDEO_BYTES')
    .argParser(size),
  new Option('--video-time <time>', 'longest decoding of one video').argParser(duration),
  new Option('--video-memory <size>', 'most memory of one video decoder').argParser(size),
];

/** The frame step of vPDQ, in milliseconds. */
export const everyOption = (): Option =>
  new Option('--every <seconds>', 'of a video, seconds between hashed frames; 0 for every frame')
    .default(1_000, '1')
    .argParser(duration);

export interface DecoderFlags {
  readonly decoders?: number;
  readonly maxBytes?: number;
  readonly maxPixels?: number;
  readonly maxFrames?: number;
  readonly decodeTimeout?: number;
  readonly decodeMemory?: number;
  readonly videoDecoders?: number;
  readonly maxVideoBytes?: number;
  readonly videoTime?: number;
  readonly videoMemory?: number;
}

export function decoderConfig(flags: DecoderFlags): Pick<Config, 'decoders' | 'videos' | 'limits'> {
  const { decoders, videos, limits } = DEFAULTS;
  return {
    decoders: {
      ...decoders,
      processes: flags.decoders ?? decoders.processes,
      maxPixels: flags.maxPixels ?? decoders.maxPixels,
      maxFrames: flags.maxFrames ?? decoders.maxFrames,
      timeoutMs: flags.decodeTimeout ?? decoders.timeoutMs,
      memoryBytes: flags.decodeMemory ?? decoders.memoryBytes,
    },
    videos: {
      ...videos,
      processes: flags.videoDecoders ?? videos.processes,
      wallMs: flags.videoTime ?? videos.wallMs,
      memoryBytes: flags.videoMemory ?? videos.memoryBytes,
    },
    limits: {
      ...limits,
      mediaBytes: flags.maxBytes ?? limits.mediaBytes,
      videoBytes: flags.maxVideoBytes ?? limits.videoBytes,
    },
  };
}

export const photodnaOptions = (): readonly Option[] => [
  new Option('--photodna-hasher <command or URL>', 'licensed PhotoDNA hasher outside of Vigie').env(
    'VIGIE_PHOTODNA_HASHER',
  ),
  new Option('--photodna-metric <name>', 'how PhotoDNA hashes are compared')
    .env('VIGIE_PHOTODNA_METRIC')
    .choices(['squared-euclidean', 'manhattan'])
    .default(DEFAULTS.photodna.metric),
  new Option('--photodna-threshold <distance>', 'greatest PhotoDNA distance that counts; none: equal hashes only')
    .env('VIGIE_PHOTODNA_THRESHOLD')
    .argParser(whole(0, 144 * 255 * 255)),
];

export interface PhotoDnaFlags {
  readonly photodnaHasher?: string;
  readonly photodnaMetric?: Config['photodna']['metric'];
  readonly photodnaThreshold?: number;
}

export function photodnaConfig(flags: PhotoDnaFlags): Config['photodna'] {
  return {
    hasher: flags.photodnaHasher,
    metric: flags.photodnaMetric ?? DEFAULTS.photodna.metric,
    threshold: flags.photodnaThreshold,
  };
}

export function reasonOption(mandatory = true): Option {
  return new Option('--reason <text>', 'why; it is kept').makeOptionMandatory(mandatory);
}

import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Container } from '../containers.js';
import type { VideoFacts } from '../frame-source.js';
import { BytesOf } from './bytes-of.js';
import { readMatroska } from './matroska.js';
import { readMoov } from './mp4.js';

/** A longer description belongs to a film, beside which the start of one more program is nothing. */
const MAXIMUM_MOOV_BYTES = 8 * 2 ** 20;
const MAXIMUM_HEAD_BYTES = 256 * 1024;
/** Boxes before the description. */
const MOST_BOXES = 64;
const readAt = promisify(read);

/**
 * Reads what a file says of itself without the decoder, whose start costs more than the whole of a short video. Nothing of it is
 * trusted: the decoder is told to stop when what it finds is of another size.
 * @param medium descriptor of the file
 * @param bytes how much of it is there
 * @returns undefined when the decoder has to be asked
 */
export async function readDescription(
  medium: number,
  bytes: number,
  { demuxer }: Container,
): Promise<VideoFacts | undefined> {
  if (demuxer === 'matroska') return readMatroska(await bytesAt(medium, 0, Math.min(bytes, MAXIMUM_HEAD_BYTES)));
  if (demuxer !== 'mov') return undefined;
  let at = 0;
  for (let box = 0; box < MOST_BOXES && at + 16 <= bytes; box++) {
    const head = new BytesOf(await bytesAt(medium, at, 16));
    const short = head.u32(0);
    const size = short === 1 ? head.u64(8) : short;
    const name = head.text(4, 8);
    if (!(size >= 8)) return undefined;
    if (name === 'moov') {
      const there = short >= 8 && size <= MAXIMUM_MOOV_BYTES && at + size <= bytes;
      return there ? readMoov(new BytesOf(await bytesAt(medium, at + 8, size - 8))) : undefined;
    }
    at += size;
  }
  return undefined;
}

async function bytesAt(medium: number, at: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await readAt(medium, bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

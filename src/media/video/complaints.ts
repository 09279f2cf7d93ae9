import type { Readable } from 'node:stream';
import type { FramesEnd } from './frame-source.js';

/** Lines longer than this are cut: a medium can make the decoder say anything. */
const MAXIMUM_LINE = 1_024;

/** What the decoder says of files that are cut short or broken. What it says of frames left out on purpose is not here. */
const DAMAGE =
  /partial file|ended prematurely|invalid data|corrupt|error while decoding|error submitting|invalid nal|truncat|moov atom not found|overread|concealing|bytestream|invalid (?:packet|frame|header|mb)|unexpected end|error splitting|header damaged|sync lost|end mismatch|ac-tex damaged|invalid level|out of range|EOI missing|overflow|no start code|missing picture|decode_slice|error parsing|invalid size/i;
const UNSUPPORTED =
  /not on whitelist|decoder .*not found|no decoder|unknown codec|not implemented|unsupported codec|Decoding requested, but/i;
const TOO_LARGE = /picture size \d+x\d+ is invalid|exceeds (?:the )?max(?:imum)? pixel|video_size.*exceeds/i;
const NO_MEMORY = /cannot allocate memory|out of memory|malloc failed|failed to allocate/i;
/** Of the filter that lets frames of one size through, and no others. */
const OTHER_SIZE = /^\[Parsed_crop_0 .*invalid too big or non positive size/i;

/** Listens to what a decoder complains about. Nothing of its words is kept or passed on. */
export class Complaints {
  damaged = false;
  /** The frame is not of the size that was expected. */
  otherSize = false;
  refusal: FramesEnd['refusal'];
  #rest = '';

  listen(stream: Readable): void {
    stream.setEncoding('latin1');
    stream.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = (lines.pop() ?? '').slice(0, MAXIMUM_LINE);
      for (const line of lines) this.#judge(line.slice(0, MAXIMUM_LINE));
    });
    stream.on('end', () => this.#judge(this.#rest));
    stream.on('error', () => undefined);
  }

  #judge(line: string): void {
    if (OTHER_SIZE.test(line)) this.otherSize = true;
    else if (UNSUPPORTED.test(line)) this.refusal ??= 'media-format-unsupported';
    else if (TOO_LARGE.test(line)) this.refusal ??= 'media-too-many-pixels';
    else if (NO_MEMORY.test(line)) this.refusal ??= 'decoder-memory';
    else if (DAMAGE.test(line)) this.damaged = true;
  }
}

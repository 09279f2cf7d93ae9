import { isUtf8 } from 'node:buffer';
import { InputBuffer } from './input-buffer.js';
import { LINE_LIMIT, type ListParser, type ParserOptions } from './list-parser.js';
import type { ListRecord } from './list-record.js';

/**
 * The frames of one video, in either form of vPDQ: one entry, whose id is the name of the file. The number of a frame
 * that cannot be read is that of its line, or of its element.
 */
export class VpdqFileParser implements ListParser {
  readonly ignoredColumns: readonly string[] = [];
  readonly #name: string | undefined;
  readonly #input = new InputBuffer();
  #tooLong = false;
  #told = false;

  constructor({ name }: ParserOptions = {}) {
    this.#name = name;
  }

  feed(chunk: Uint8Array): void {
    this.#tooLong ||= this.#input.end + chunk.length > LINE_LIMIT;
    if (!this.#tooLong) this.#input.feed(chunk);
  }

  end(): void {
    this.#input.ended = true;
  }

  next(record: ListRecord): boolean {
    const { bytes, end, ended } = this.#input;
    if (!ended || this.#told) return false;
    this.#told = true;
    record.reset(1);
    record.id = this.#name;
    record.kind = 'video';
    const text = bytes.subarray(0, end);
    if (this.#tooLong) record.problem = 'too-long';
    else if (!isUtf8(text)) record.problem = 'invalid-utf8';
    else record.addFrames(text.toString());
    return true;
  }
}

import { VigieError } from '../../errors.js';
import { type Entry, OPINION_LIMIT } from '../entry.js';
import {
  type Dictionaries,
  HAS_ADDED,
  HAS_COMMENT,
  HAS_GRADE,
  HAS_KIND,
  HAS_MEMBER,
  HAS_OPINIONS,
  type RecordReader,
  RecordWriter,
} from './entry-record.js';

const CHUNK_BITS = 22;
const CHUNK = 2 ** CHUNK_BITS;
/** An entry of more bytes is refused: more than a video of ten hours has is a mistake. */
const MAX_RECORD = 2 ** 21;
/** Records are found by 32-bit addresses. */
export const MAX_LOG_BYTES = 2 ** 32 - 2 * CHUNK;

/** Entry records one after another in memory, in pieces of 4 MiB; nothing is kept of an entry but its bytes. */
export class RecordLog {
  readonly #chunks: Uint8Array[] = [];
  readonly #used: number[] = [];
  readonly #writer = new RecordWriter();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Bytes taken so far, room left over at the ends of pieces included. */
  get bytes(): number {
    return this.#chunks.length * CHUNK;
  }

  /** @throws VigieError `entry-too-large` */
  append(entry: Entry, dictionaries: Dictionaries): void {
    this.#reserve(RecordWriter.bound(entry));
    this.#writer.write(entry, dictionaries);
    this.#count++;
  }

  /**
   * Copies the record that `reader` has just opened, its codes translated to another segment's dictionaries.
   * @param own the dictionaries that the codes of the record are of
   */
  copy(reader: RecordReader, own: Dictionaries, dictionaries: Dictionaries): void {
    const { bytes, idStart, idEnd, flags } = reader;
    // A code may become its word: 64 characters at the most, three bytes each.
    this.#reserve(reader.end - idStart + 1024 + opinionRoom(reader));
    const writer = this.#writer;
    const start = writer.at;
    writer.at += 4;
    writer.bytes[writer.at++] = flags;
    writer.integer(idEnd - idStart);
    writer.copy(bytes, idStart, idEnd);
    if (flags & HAS_GRADE) copyWord(reader, writer, own.grades, dictionaries.grades);
    if (flags & HAS_KIND) copyWord(reader, writer, own.kinds, dictionaries.kinds);
    if (flags & HAS_MEMBER) copyWord(reader, writer, own.members, dictionaries.members);
    if (flags & HAS_OPINIONS) {
      const count = reader.integer();
      writer.integer(count);
      for (let i = 0; i < count; i++) writer.opinion(reader.opinion(own.members), dictionaries.members);
    }
    const rest = reader.at;
    if (flags & HAS_ADDED) reader.skipNumber();
    if (flags & HAS_COMMENT) reader.skipText();
    reader.openSignals();
    writer.copy(bytes, rest, reader.end);
    writer.closeRecord(start);
    this.#count++;
  }

  /** The address of every record, in the order in which they came. */
  addresses(): Uint32Array {
    const result = new Uint32Array(this.#count);
    let i = 0;
    this.#saveUsed();
    for (let chunk = 0; chunk < this.#chunks.length; chunk++) {
      const bytes = this.#chunks[chunk]!;
      for (let at = 0; at < this.#used[chunk]!; ) {
        result[i++] = chunk * CHUNK + at;
        at += 4 + (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      }
    }
    return result;
  }

  /** The piece in which an address lies. */
  chunk(address: number): Uint8Array {
    return this.#chunks[address >>> CHUNK_BITS]!;
  }

  offset(address: number): number {
    return address & (CHUNK - 1);
  }

  /** Forgets every piece before the one of `address`: they have been written out. */
  forgetBefore(address: number): void {
    const until = address >>> CHUNK_BITS;
    for (let i = until - 1; i >= 0 && this.#chunks[i]!.length > 0; i--) this.#chunks[i] = new Uint8Array(0);
  }

  #reserve(bytes: number): void {
    if (bytes > MAX_RECORD) throw new VigieError('entry-too-large', { detail: `at most ${MAX_RECORD} bytes` });
    const writer = this.#writer;
    if (writer.at + bytes <= writer.bytes.length) return;
    this.#saveUsed();
    writer.bytes = new Uint8Array(CHUNK);
    writer.at = 0;
    this.#chunks.push(writer.bytes);
  }

  #saveUsed(): void {
    if (this.#chunks.length > 0) this.#used[this.#chunks.length - 1] = this.#writer.at;
  }
}

/** What opinions may grow by when their members are written out. */
function opinionRoom({ flags }: RecordReader): number {
  return flags & HAS_OPINIONS ? OPINION_LIMIT * 256 : 0;
}

function copyWord(
  reader: RecordReader,
  writer: RecordWriter,
  own: Dictionaries['grades'],
  other: Dictionaries['grades'],
): void {
  writer.word(other, reader.word(own));
}

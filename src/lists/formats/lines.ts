import { VigieError } from '../../errors.js';
import type { SignalType } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { LineReader } from './line-reader.js';
import type { ListParser, ParserOptions } from './list-parser.js';
import type { ListRecord } from './list-record.js';

const HASH = 35;

/** Lengths of text that only one signal type has: hexadecimal, and base64 for PhotoDNA. */
const BY_LENGTH: Readonly<Record<number, SignalType>> = {
  32: signalType('md5'),
  40: signalType('sha1'),
  192: signalType('photodna'),
  288: signalType('photodna'),
};

/** Either a SHA-256 or a PDQ hash: nothing in the text tells which. */
const AMBIGUOUS = 64;

/** One value a line, of the type that is given or that its length tells. Lines that begin with # are comments. */
export class LinesParser implements ListParser {
  readonly ignoredColumns: readonly string[] = [];
  readonly #lines = new LineReader();
  readonly #type: SignalType | undefined;

  constructor({ type }: ParserOptions = {}) {
    this.#type = type === undefined ? undefined : signalType(type);
  }

  feed(chunk: Uint8Array): void {
    this.#lines.feed(chunk);
  }

  end(): void {
    this.#lines.end();
  }

  next(record: ListRecord): boolean {
    const lines = this.#lines;
    for (;;) {
      const step = lines.next();
      if (step === 'more' || step === 'end') return false;
      if (step === 'line' && lines.bytes[lines.from] === HASH) continue;
      record.reset(lines.line);
      if (step === 'bad') {
        record.problem = lines.problem;
        return true;
      }
      const length = lines.to - lines.from;
      const type = this.#type ?? BY_LENGTH[length];
      if (type === undefined && length === AMBIGUOUS) {
        throw new VigieError('list-format-unknown', {
          detail: `line ${lines.line} may be sha256 or pdq: name it with --type`,
        });
      }
      if (type === undefined) record.problem = 'malformed';
      else record.addBytes(type, lines.bytes, lines.from, lines.to);
      return true;
    }
  }
}

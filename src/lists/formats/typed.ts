import { SIGNAL_TYPE_NAMES, type SignalType } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { LineReader } from './line-reader.js';
import type { ListParser } from './list-parser.js';
import type { ListRecord } from './list-record.js';

const HASH = 35;
const SPACE = 32;
const COLON = 58;

const TYPES: ReadonlyMap<string, SignalType> = new Map(SIGNAL_TYPE_NAMES.map((name) => [name, signalType(name)]));

/** One `type value` a line, with white space or a colon between them. Lines that begin with # are comments. */
export class TypedParser implements ListParser {
  readonly ignoredColumns: readonly string[] = [];
  readonly #lines = new LineReader();

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
      if (step === 'bad') record.problem = lines.problem;
      else readTyped(lines, record);
      return true;
    }
  }
}

function readTyped({ bytes, from, to }: LineReader, record: ListRecord): void {
  let end = from;
  while (end < to && (bytes[end] as number) > SPACE && bytes[end] !== COLON) end++;
  const type = TYPES.get(bytes.toString('latin1', from, end).toLowerCase());
  let value = end;
  while (value < to && ((bytes[value] as number) <= SPACE || bytes[value] === COLON)) value++;
  if (type === undefined || value === to) record.problem = 'malformed';
  else record.addBytes(type, bytes, value, to);
}

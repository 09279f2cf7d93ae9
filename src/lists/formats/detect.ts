import { VigieError } from '../../errors.js';
import { SIGNAL_TYPE_NAMES } from '../../signals/signal-type.js';
import { CsvParser, headerDelimiter } from './csv.js';
import { JsonlParser } from './jsonl.js';
import { LinesParser } from './lines.js';
import type { ListFormat, ListParser, ParserOptions } from './list-parser.js';
import { NarrowedParser } from './narrowed.js';
import { TypedParser } from './typed.js';
import { VicsParser } from './vics.js';
import { VpdqFileParser } from './vpdq-file.js';

/** How much of the input is looked at to tell its format. */
export const HEAD_BYTES = 64 * 1024;

const PARSERS: Readonly<Record<ListFormat, (options: ParserOptions) => ListParser>> = {
  csv: (options) => new CsvParser(options),
  jsonl: (options) => new JsonlParser(options),
  lines: (options) => new LinesParser(options),
  typed: () => new TypedParser(),
  vics: () => new VicsParser(),
  vpdq: (options) => new VpdqFileParser(options),
};

export function parserFor(format: ListFormat, options: ParserOptions = {}): ListParser {
  const parser = PARSERS[format](options);
  const { only, grades } = options;
  return only === undefined && grades === undefined ? parser : new NarrowedParser(parser, only, grades);
}

const TYPED = new RegExp(`^(${SIGNAL_TYPE_NAMES.join('|')})[\\s:]+\\S`, 'i');
/** A line of the C++ program, or the beginning of a JSON array of frames. */
const VPDQ = /^(\d+,\d+,[0-9a-f]{64},\d|\[\s*"[0-9a-f]{64},\d|\[\s*\{[^}]*"(pdq|hash)"\s*:\s*"[0-9a-f]{64}")/i;
const VALUE = /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{288}|[A-Za-z0-9+/]{192})$/i;

/**
 * Tells the format of a list from its first bytes.
 * @param head the first HEAD_BYTES of the input, or all of it
 * @throws VigieError `list-format-unknown`
 */
export function detectFormat(head: Uint8Array, options: ParserOptions = {}): ListFormat {
  const text = new TextDecoder().decode(head);
  const lines = text.split('\n').map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('#')) ?? '';
  if (VPDQ.test(first.startsWith('[') ? text.trim() : first)) return 'vpdq';
  if (first.startsWith('{')) {
    // A VICS file is one object, most often over many lines; its context comes first.
    return /"@?odata\.(metadata|context)"\s*:|^\s*\{\s*"value"\s*:\s*\[/.test(text) ? 'vics' : 'jsonl';
  }
  if (headerDelimiter(first, options.map) !== undefined) return 'csv';
  if (TYPED.test(first)) return 'typed';
  if (options.type !== undefined || VALUE.test(first)) return 'lines';
  throw new VigieError('list-format-unknown', { detail: first === '' ? 'the file is empty' : 'by its first line' });
}

import type { Entry } from '../index/entry.js';
import { abortableEach } from '../runtime/abortable.js';
import { Admission } from './admit.js';
import { detectFormat, parserFor } from './formats/detect.js';
import type { ListFormat, ParserOptions } from './formats/list-parser.js';
import { ListRecord } from './formats/list-record.js';
import { openInput } from './formats/open-input.js';
import { type ImportReport, ReportCounter } from './import-report.js';

export interface ReadEntriesOptions extends ParserOptions {
  /** Found out from the beginning of the file when left out. */
  readonly format?: ListFormat | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Input that is parsed before others get their turn, in bytes. */
const PIECE = 64 * 1024;

/**
 * Reads a list file as an import does, by the same rules, and gives its entries instead of storing them.
 * @param take is given some after the other, and waited for
 * @returns what became of the records
 * @throws VigieError as the parsers; the signal's reason; what `take` throws
 */
export async function readEntries(
  input: AsyncIterable<Uint8Array>,
  { format: named, signal, ...parsing }: ReadEntriesOptions,
  take: (entries: readonly Entry[]) => Promise<void>,
): Promise<ImportReport> {
  const counter = new ReportCounter();
  const admission = new Admission(counter);
  const { head, all } = await openInput(abortableEach(input, signal));
  const format = named ?? detectFormat(head, parsing);
  const parser = parserFor(format, parsing);
  const record = new ListRecord();
  const drain = (): Entry[] => {
    const entries: Entry[] = [];
    while (parser.next(record)) {
      const entry = admission.admit(record);
      if (entry !== undefined) entries.push(copyOf(entry));
    }
    return entries;
  };
  for await (const chunk of all) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      parser.feed(chunk.subarray(at, at + PIECE));
      await take(drain());
      signal?.throwIfAborted();
    }
  }
  parser.end();
  await take(drain());
  return counter.report(format, parser.ignoredColumns);
}

/** What is admitted is written over by the next record. */
function copyOf({ signals, ...entry }: Entry): Entry {
  return { ...entry, signals: signals.map((signal) => ({ ...signal, value: signal.value.slice() })) };
}

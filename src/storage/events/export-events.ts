import { VigieError } from '../../errors.js';
import type { Db } from '../schema.js';
import { type BatchHeader, batchText, faultOfBatch, NO_BATCH, parseHeader } from './batch-file.js';
import type { BatchFiles } from './batch-files.js';
import { batchesAfter } from './batch-store.js';

/**
 * All sealed batches as JSON lines: the header of each, then its events. Whoever holds the text can check it without
 * the database (`verifyExport`). Payloads are not in it.
 * @throws VigieError `audit-damaged` when a batch is not what was sealed
 */
export async function* exportEvents(db: Db, files: BatchFiles, after = 0): AsyncGenerator<string> {
  for (let number = after; ; ) {
    const page = await batchesAfter(db, number, 100);
    for (const row of page) {
      const batch = await files.read(row).catch(() => undefined);
      if (batch === undefined || faultOfBatch(batch) !== undefined || batch.header.hash !== row.hash) {
        throw new VigieError('audit-damaged', { detail: `batch ${row.number}` });
      }
      yield batchText(batch);
      number = row.number;
    }
    if (page.length === 0) return;
  }
}

export interface ExportResult {
  readonly batches: number;
  /** Numbers of the first and the last batch; 0 when there is none. */
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly head: string;
}

/**
 * Checks an export by itself: every event against its batch, and each batch against the one before.
 * @throws VigieError `audit-damaged`, with the batch that does not fit
 */
export async function verifyExport(lines: AsyncIterable<string>): Promise<ExportResult> {
  let before: BatchHeader | undefined;
  let header: BatchHeader | undefined;
  let leaves: string[] = [];
  let [batches, events, first] = [0, 0, 0];
  const finish = (): void => {
    if (header === undefined) return;
    const damaged = (detail: string) =>
      new VigieError('audit-damaged', { detail: `batch ${header?.number}: ${detail}` });
    const fault = faultOfBatch({ header, leaves });
    if (fault !== undefined) throw damaged(fault);
    const [number, hash] = [before?.number ?? header.number - 1, before?.hash ?? header.previous];
    const begins = header.number === 1 && header.previous !== NO_BATCH;
    if (header.number !== number + 1 || header.previous !== hash || begins) {
      throw damaged('it does not follow from the batch before');
    }
    before = header;
    first = first === 0 ? header.number : first;
    batches++;
    events += leaves.length;
    leaves = [];
  };
  for await (const line of lines) {
    if (line === '') continue;
    if (header !== undefined && leaves.length < header.events) {
      leaves.push(line);
      continue;
    }
    finish();
    header = parseHeader(line);
    if (header === undefined) throw new VigieError('audit-damaged', { detail: `after batch ${before?.number ?? 0}` });
  }
  finish();
  return { batches, first, last: before?.number ?? 0, events, head: before?.hash ?? NO_BATCH };
}

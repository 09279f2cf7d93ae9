import { VigieError } from '../../errors.js';
import type { Db } from '../schema.js';
import { type BatchHeader, batchText, faultOfBatch, NO_BATCH, parseHeader } from './batch-file.js';
import type { BatchFiles } from './batch-files.js';
import { batchesAfter } from './batch-store.js';
import type { Finding } from './verify-events.js';

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
  /** How many things do not fit. */
  readonly findings: number;
  readonly head: string;
}

/**
 * Checks an export by itself: every event against its batch, and each batch against the one before. It goes on after
 * what does not fit, to the end.
 * @param onFinding told of all that does not fit
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  onFinding: (finding: Finding) => void,
): Promise<ExportResult> {
  let before: BatchHeader | undefined;
  let batch: { readonly header: BatchHeader; readonly leaves: string[] } | undefined;
  let astray = false;
  const result = { batches: 0, first: 0, last: 0, events: 0, findings: 0, head: NO_BATCH };
  const found = (kind: Finding['kind'], number: number | null, detail: string): void => {
    result.findings++;
    onFinding({ kind, batch: number, event: null, detail });
  };
  const finish = (): void => {
    if (batch === undefined) return;
    const { header, leaves } = batch;
    const fault = faultOfBatch(batch);
    if (fault !== undefined) found('batch-file-damaged', header.number, fault);
    if (!follows(header, before)) found('chain-broken', header.number, 'it does not follow from the batch before');
    result.first = result.batches === 0 ? header.number : result.first;
    result.batches++;
    result.events += leaves.length;
    [result.last, result.head] = [header.number, header.hash];
    before = header;
    batch = undefined;
  };
  for await (const line of lines) {
    if (line === '') continue;
    const header = parseHeader(line);
    if (header === undefined && batch !== undefined && batch.leaves.length < batch.header.events) {
      batch.leaves.push(line);
    } else {
      finish();
      // Lines without a batch are one finding, however many they are.
      if (header === undefined && !astray)
        found('batch-file-damaged', before?.number ?? null, 'lines of no batch follow');
      astray = header === undefined;
      batch = header && { header, leaves: [] };
    }
  }
  finish();
  return result;
}

function follows(header: BatchHeader, before: BatchHeader | undefined): boolean {
  // An export may begin later than the record; at its very beginning there is nothing to follow.
  if (before === undefined) return header.number !== 1 || header.previous === NO_BATCH;
  return header.number === before.number + 1 && header.previous === before.hash;
}

import { detectFormat, parserFor } from '../../formats/detect.js';
import { openInput } from '../../formats/open-input.js';
import { readPath } from '../../import-source.js';
import { type PlainRecord, readRecords } from '../../testing/read-records.js';
import type { Snapshot, SnapshotSource } from '../source.js';

/** What a source gave: its records as its parser reads them, and where to go on. */
export interface Taken {
  readonly records: readonly PlainRecord[];
  readonly checkpoint: unknown;
}

/** Takes in what has changed since a checkpoint, as an import does. @returns undefined when nothing has */
export async function take(source: SnapshotSource, checkpoint?: unknown): Promise<Taken | undefined> {
  return await source.fetch(checkpoint, AbortSignal.timeout(20_000), async (snapshot) => ({
    records: await recordsOf(snapshot),
    // It is kept as JSON.
    checkpoint: JSON.parse(JSON.stringify(snapshot.checkpoint)) as unknown,
  }));
}

async function recordsOf({ input, format, ...options }: Snapshot): Promise<PlainRecord[]> {
  const { head, all } = await openInput('path' in input ? readPath(input.path) : input.stream);
  const parser = parserFor(format === 'auto' ? detectFormat(head, options) : format, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of all) chunks.push(chunk);
  return readRecords(parser, Buffer.concat(chunks));
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { VigieError } from '../../errors.js';
import type { Entry } from '../../index/entry.js';
import { SegmentFile } from '../../index/segment-file.js';
import type { BlobStore } from '../../storage/blob-store.js';
import { KeySet } from '../key-set.js';
import { toFeedEntry } from './feed-entry.js';

/** Entries between two turns of others. */
const TURN = 512;

interface Versions {
  /** Ids of the segments of the earlier and of the later version, in their order. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tells which entries may differ between two versions of a list: those that were added, changed or left out, and now and
 * then one that was not. Reads only the segments that the versions do not share, in turn, and remembers some 50 bytes an
 * entry of them.
 * @throws VigieError `blob-not-found` when the earlier version is not there any more
 */
export async function* changedEntries({ before, after, blobs, signal }: Versions): AsyncGenerator<string> {
  const added = after.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !after.includes(id));
  const told = new KeySet();
  const first = (id: string) => told.add(id) === 'new';
  if (removed.length === 0) {
    for await (const { id } of entriesOf(added, blobs, signal)) if (first(id)) yield id;
    return;
  }
  await using kept = await openAll(
    after.filter((id) => before.includes(id)),
    blobs,
  );
  // What an entry was is what the latest of its segments said.
  const known = new KeySet();
  const was = new KeySet();
  for await (const entry of entriesOf(removed.toReversed(), blobs, signal)) {
    if (known.add(entry.id) === 'new') was.add(`${entry.id}\0${JSON.stringify(toFeedEntry(entry))}`);
  }
  const now = new KeySet();
  for await (const entry of entriesOf(added.toReversed(), blobs, signal)) {
    if (now.add(entry.id) !== 'new') continue;
    const same = was.add(`${entry.id}\0${JSON.stringify(toFeedEntry(entry))}`) !== 'new';
    // One that a shared segment has too may have stood before it, and stand behind it now.
    if ((!same || (await kept.have(entry.id))) && first(entry.id)) yield entry.id;
  }
  for await (const { id } of entriesOf(removed, blobs, signal)) {
    if (now.add(id) === 'new' && first(id)) yield id;
  }
}

async function* entriesOf(
  segments: readonly string[],
  blobs: Pick<BlobStore, 'open'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry> {
  let turn = 0;
  for (const id of segments) {
    const file = await SegmentFile.open(await blobs.open(id));
    try {
      for await (const { entry } of file.entries(signal)) {
        yield entry;
        if (++turn % TURN !== 0) continue;
        await nextTurn();
        signal?.throwIfAborted();
      }
    } finally {
      await file.close();
    }
  }
}

async function openAll(ids: readonly string[], blobs: Pick<BlobStore, 'open'>) {
  const files: SegmentFile[] = [];
  const close = async () => {
    for (const each of files) await each.close();
  };
  try {
    for (const id of ids) files.push(await SegmentFile.open(await blobs.open(id)));
  } catch (error) {
    await close();
    throw VigieError.from(error);
  }
  return {
    have: async (id: string) => {
      for (const each of files) if ((await each.findRow(id)) !== undefined) return true;
      return false;
    },
    [Symbol.asyncDispose]: close,
  };
}

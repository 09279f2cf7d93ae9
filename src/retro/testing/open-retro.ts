import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lists } from '../../lists/lists.js';
import { SealedBlobStore } from '../../lists/sealed-blob-store.js';
import { openLists } from '../../lists/testing/open-lists.js';
import { SeenLog } from '../../scan/seen-log.js';
import { raiseAttention, settleAttention } from '../../storage/attention/raise-attention.js';
import { openBlobStore } from '../../storage/blob-store-place.js';
import type { Database } from '../../storage/database.js';
import { Events } from '../../storage/events/events.js';
import { openKeyring } from '../../storage/open-keyring.js';
import { type FindTold, FindWriter } from '../find-writer.js';
import { Retro, type RetroOptions } from '../retro.js';

/** A node that tries new entries, with lists and seen records of its own in a folder. */
export interface TestRetro extends AsyncDisposable {
  readonly retro: Retro;
  readonly lists: Lists;
  readonly seenFolder: string;
  /** A log that is opened anew, so that it has a file of its own. */
  openSeen(): SeenLog;
  /** Finds that were told, those of transactions that were undone too. */
  readonly told: FindTold[];
}

export interface TestRetroOptions extends Partial<RetroOptions> {
  /** Called in the transaction of each find, after its event was written. */
  readonly onTell?: () => void;
}

/** @param root keys and segments lie in it, and seen records */
export async function openRetro(
  database: Database,
  root: string,
  { onTell, ...options }: TestRetroOptions = {},
): Promise<TestRetro> {
  const keyFile = join(root, 'master.key');
  const canaryFile = join(root, 'canary');
  const store = { kind: 'directory', path: join(root, 'segments'), temporary: join(root, 'tmp') } as const;
  for (const directory of [store.path, store.temporary]) await mkdir(directory, { recursive: true });
  const keyring = await openKeyring({ keyFile, canaryFile, holdsSealedData: async () => false });
  const place = { store, keyFile, canaryFile };
  const blobs = new SealedBlobStore(openBlobStore(store), keyring);
  const { lists } = await openLists(database, blobs, { place });
  await lists.follow();
  const events = new Events(keyring);
  const seenFolder = join(root, 'seen');
  const openSeen = () => new SeenLog(seenFolder, keyring);
  const seen = openSeen();
  const told: FindTold[] = [];
  const writer = new FindWriter({
    record: events.record,
    sealForSubject: (tx, subject, plain, aad) => events.subjectKeys.seal(tx, subject, plain, aad),
    tell: async (_tx, find) => {
      told.push(find);
      onTell?.();
    },
    referenceKey: new Uint8Array(32).fill(3),
    node: 'here',
  });
  const retro = new Retro({
    ...{ database, lists, seen, place, writer, record: events.record, raise: raiseAttention },
    settle: (tx, attention) => settleAttention(tx, attention, 'service'),
    unsealForSubject: (db, subject, sealed, aad) => events.subjectKeys.unseal(db, subject, sealed, aad),
    sampleKey: new Uint8Array(32).fill(4),
    ...{ node: 'here', threads: 2, busy: () => false },
    ...options,
  });
  await retro.start();
  return {
    ...{ retro, lists, seenFolder, openSeen, told },
    [Symbol.asyncDispose]: async () => {
      await retro.close();
      await seen.close();
      await lists.close();
    },
  };
}

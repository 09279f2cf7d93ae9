/**
 * Lists in a process of their own, for tests that kill it: does what it is told over IPC, one order after another.
 * Runs from the compiled files, as `fork(entryPoint(import.meta.url, './testing/lists-process.js'), [JSON.stringify(start)])`.
 */
import { pathToFileURL } from 'node:url';
import { VigieError } from '../../errors.js';
import { signalType } from '../../signals/signal-types.js';
import { openBlobStore } from '../../storage/blob-store-place.js';
import { openDatabase } from '../../storage/database.js';
import { openKeyring } from '../../storage/open-keyring.js';
import type { SegmentPlace } from '../import-thread.js';
import type { Lists } from '../lists.js';
import { SealedBlobStore } from '../sealed-blob-store.js';
import { openLists } from './open-lists.js';
import { signalText } from './read-records.js';

export interface ListsProcessStart {
  readonly place: SegmentPlace;
  readonly database: { readonly dataDir: string } | { readonly url: string };
}

export type ListsOrder =
  | { readonly kind: 'import'; readonly list: string; readonly path: string; readonly entriesPerSegment: number }
  | { readonly kind: 'add'; readonly list: string; readonly entry: string; readonly seed: number }
  | { readonly kind: 'withdraw' | 'restore'; readonly list: string; readonly entry: string }
  | { readonly kind: 'rollback'; readonly list: string; readonly version: number }
  /** Waits until an MD5 matches or does not, looking all the time. */
  | { readonly kind: 'wait'; readonly seed: number; readonly matches: boolean };

export type ListsNews =
  | { readonly kind: 'ready' | 'begun' }
  | { readonly kind: 'progress'; readonly segments: number }
  | { readonly kind: 'done'; readonly version?: number; readonly resumed?: boolean }
  | { readonly kind: 'failed'; readonly code: string };

const BY = { reason: 'a test', by: null };
const LOOK_EVERY_MS = 2;

function say(news: ListsNews): Promise<void> {
  return new Promise((resolve) => process.send?.(news, () => resolve()));
}

async function run({ place, database: where }: ListsProcessStart): Promise<void> {
  const { store, keyFile, canaryFile } = place;
  const keyring = await openKeyring({ keyFile, canaryFile, holdsSealedData: async () => true }, {});
  const blobs = new SealedBlobStore(openBlobStore(store), keyring);
  const database = await openDatabase(where);
  const { lists } = await openLists(database, blobs, { place });
  await lists.follow();
  let turn: Promise<unknown> = Promise.resolve();
  process.on('message', (order: ListsOrder) => {
    turn = turn.then(async () => {
      await say({ kind: 'begun' });
      await say(await obey(lists, order).catch((thrown) => ({ kind: 'failed', code: VigieError.from(thrown).code })));
    });
  });
  await say({ kind: 'ready' });
}

async function obey(lists: Lists, order: ListsOrder): Promise<ListsNews> {
  switch (order.kind) {
    case 'import': {
      const { list, path, entriesPerSegment } = order;
      const onProgress = ({ segments }: { segments: number }) => void say({ kind: 'progress', segments });
      const { version, resumed } = await lists.import({ list, input: { path }, entriesPerSegment, onProgress });
      return { kind: 'done', version, resumed };
    }
    case 'add': {
      const value = signalType('md5').parse(signalText('md5', order.seed));
      const entry = { id: order.entry, signals: [{ type: 'md5', value, active: true }] } as const;
      const { version } = await lists.addEntries(order.list, [entry]);
      return { kind: 'done', version };
    }
    case 'withdraw':
    case 'restore':
      await lists[order.kind](order.list, order.entry, BY);
      return { kind: 'done' };
    case 'rollback':
      return { kind: 'done', version: await lists.rollback(order.list, order.version) };
    case 'wait': {
      const value = signalType('md5').parse(signalText('md5', order.seed));
      while (lists.lookup('md5', value).total > 0 !== order.matches) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
      return { kind: 'done' };
    }
  }
}

const [, script, start] = process.argv;
if (script !== undefined && start !== undefined && import.meta.url === pathToFileURL(script).href) {
  await run(JSON.parse(start) as ListsProcessStart);
}

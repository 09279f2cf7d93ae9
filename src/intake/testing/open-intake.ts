import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { photographLikeJpeg } from '../../../bench/pictures.js';
import { DEFAULTS } from '../../config.js';
import { type EphemeralLists, loadListFile } from '../../lists/ephemeral.js';
import { SealedBlobStore } from '../../lists/sealed-blob-store.js';
import { MediaPool } from '../../media/pool.js';
import { GuardedClient } from '../../net/guarded-client.js';
import { Scanner } from '../../scan/scanner.js';
import { raiseAttention } from '../../storage/attention/raise-attention.js';
import type { Database } from '../../storage/database.js';
import { DirectoryBlobStore } from '../../storage/directory-blob-store.js';
import { Events } from '../../storage/events/events.js';
import { Keyring } from '../../storage/keyring.js';
import { TableWorkStream } from '../../storage/work/table-work-stream.js';
import { Intake, type IntakeOptions } from '../intake.js';
import type { MatchTold } from '../intake-parts.js';

/** What a test of intake shares between its nodes: pictures, the list that knows one of them, decoders, and a folder. */
export interface IntakeGround extends AsyncDisposable {
  readonly folder: string;
  readonly keyring: Keyring;
  readonly scanner: Scanner;
  readonly lists: EphemeralLists;
  /** A picture that is listed, and one that is not. */
  readonly listed: Buffer;
  readonly unlisted: Buffer;
  /** Names of the blobs of media that lie there now. */
  blobs(): Promise<readonly string[]>;
}

const client = new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 5_000 });

/** @param shared a folder of another process to go on with; it is left to its owner */
export async function openGround(shared?: string): Promise<IntakeGround> {
  const folder = shared ?? (await mkdtemp(join(tmpdir(), 'vigie-intake-')));
  for (const name of ['media', 'tmp']) await mkdir(join(folder, name), { recursive: true });
  const listed = await photographLikeJpeg(320, 240, 1);
  const unlisted = await photographLikeJpeg(320, 240, 2);
  const sha256 = createHash('sha256').update(listed).digest('hex');
  await writeFile(join(folder, 'known.csv'), `id,sha256,grade\nfirst,${sha256},A\n`);
  const lists = await loadListFile(join(folder, 'known.csv'));
  const pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
  const scanner = new Scanner({ lists, pool, client, maximumBytes: 2 ** 20, cacheBytes: 2 ** 20 });
  return {
    folder,
    keyring: new Keyring([new Uint8Array(32).fill(7)], 'file'),
    scanner,
    lists,
    listed,
    unlisted,
    blobs: async () => (await readdir(join(folder, 'media'), { recursive: true })).filter((name) => name.length > 60),
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await lists.close();
      if (shared === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Intake as one node has it, on a database and a ground that other nodes may share. */
export interface TestNode extends AsyncDisposable {
  readonly intake: Intake;
  readonly stream: TableWorkStream;
  readonly events: Events;
  /** Matches that were queued to be told, those of transactions that were undone too. */
  readonly matches: MatchTold[];
  /** What kept items from their end. */
  readonly failures: unknown[];
}

export async function openNode(
  database: Database,
  { folder, keyring, scanner }: IntakeGround,
  options: Partial<IntakeOptions> & { readonly leaseMs?: number } = {},
): Promise<TestNode> {
  const { leaseMs = 60_000, ...rest } = options;
  const events = new Events(keyring);
  const stream = await TableWorkStream.open(database, { leaseMs, pollMs: 50 });
  const matches: MatchTold[] = [];
  const failures: unknown[] = [];
  const intake = await Intake.open({
    database,
    keyring,
    stream,
    scanner,
    blobs: new SealedBlobStore(new DirectoryBlobStore(join(folder, 'media'), join(folder, 'tmp')), keyring, 'medium'),
    assertUrl: (url) => client.assertUrl(url),
    record: events.record,
    enqueueMatch: async (_tx, match) => {
      matches.push(match);
    },
    raiseAttention,
    sealForSubject: (tx, subject, plain, aad) => events.subjectKeys.seal(tx, subject, plain, aad),
    node: 'test',
    ready: () => true,
    scansAtOnce: 2,
    failed: (error) => failures.push(error),
    ...rest,
  });
  return {
    intake,
    stream,
    events,
    matches,
    failures,
    [Symbol.asyncDispose]: async () => {
      await intake.close();
      await stream.close();
    },
  };
}

/** Every work stream for the contract, each as two processes would see it. */
import { sql } from 'kysely';
import { DATABASES, noPostgres, startPostgres } from '../../../../test/databases.js';
import { type Database, openDatabase } from '../../database.js';
import type { Tx } from '../../schema.js';
import { TableWorkStream } from '../table-work-stream.js';
import type { WorkStream } from '../work-stream.js';

export interface StreamOptions {
  readonly leaseMs: number;
  readonly most: number;
}

export interface TestStreams {
  /** Two views of a new, empty stream. Those that were opened before are closed. */
  open(options: StreamOptions): Promise<readonly [WorkStream, WorkStream]>;
  transaction(act: (tx: Tx) => Promise<void> | undefined): Promise<void>;
  /** Ends what holds the stream as SIGKILL does. */
  readonly crash?: () => Promise<void>;
  readonly restart?: () => Promise<void>;
  close(): Promise<void>;
}

export const STREAMS = [
  { name: 'a table, embedded', missing: undefined as string | undefined, start: startEmbedded },
  { name: noPostgres ?? 'a table, PostgreSQL 15', missing: noPostgres, start: startServer },
];

async function startEmbedded(): Promise<TestStreams> {
  const databases = await DATABASES[0].start();
  const database = await databases.open();
  return {
    ...tables(() => [database, database]),
    close: () => databases.close(),
  };
}

async function startServer(): Promise<TestStreams> {
  const cluster = await startPostgres();
  const url = await cluster.createDatabase();
  const databases: [Database, Database] = [await openDatabase({ url }), await openDatabase({ url })];
  return {
    ...tables(() => databases),
    crash: () => cluster.crash(),
    restart: () => cluster.restart(),
    close: async () => {
      for (const database of databases) await database.close();
      await cluster.stop();
    },
  };
}

function tables(databases: () => readonly [Database, Database]): Pick<TestStreams, 'open' | 'transaction'> {
  let opened: WorkStream[] = [];
  return {
    async open(options) {
      for (const stream of opened) await stream.close();
      const [one, other] = databases();
      await sql`TRUNCATE work`.execute(one.db);
      const pair = [await TableWorkStream.open(one, options), await TableWorkStream.open(other, options)] as const;
      opened = [...pair];
      return pair;
    },
    transaction: async (act) => {
      await databases()[0].transaction(async (tx) => await act(tx));
    },
  };
}

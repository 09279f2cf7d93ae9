/** Every work stream for the contract, each as two processes would see it. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { DATABASES, noPostgres, startPostgres } from '../../../../test/databases.js';
import { noNats, startNats } from '../../../../test/nats.js';
import { type Database, openDatabase } from '../../database.js';
import type { Tx } from '../../schema.js';
import { NatsWorkStream } from '../nats-work-stream.js';
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
  { name: noNats ?? 'NATS JetStream', missing: noNats, start: startJetStream },
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

async function startJetStream(): Promise<TestStreams> {
  const server = await startNats();
  let opened: WorkStream[] = [];
  const closeAll = async (): Promise<void> => {
    for (const stream of opened) await stream.close();
  };
  return {
    async open(options) {
      await closeAll();
      const own = { ...options, url: server.url, stream: `t-${randomBytes(6).toString('hex')}` };
      const pair = [await NatsWorkStream.open(own), await NatsWorkStream.open(own)] as const;
      opened = [...pair];
      return pair;
    },
    transaction: () => Promise.reject(new Error('NATS knows no transactions')),
    crash: () => server.crash(),
    restart: () => server.restart(),
    async close() {
      await closeAll();
      await server.stop();
    },
  };
}

/** The thread of the embedded database: one PGlite, one statement at a time, in the order in which they arrive. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { adoptNascent, clearNascent, holdsDatabase, nascent, WriteThroughFs } from './pglite-files.js';
import type { PgliteFailure, PgliteReply, PgliteRequest, PgliteWorkerData } from './pglite-protocol.js';

const { directory, fsync } = workerData as PgliteWorkerData;
const port = parentPort!;

const reply = (message: PgliteReply): void => port.postMessage(message);

function failureOf(thrown: unknown, full: boolean): PgliteFailure {
  const { message, code, constraint } = thrown as { message?: unknown; code?: unknown; constraint?: unknown };
  return {
    message: typeof message === 'string' ? message : 'unknown',
    ...(full ? { code: 'ENOSPC' } : typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
  };
}

/**
 * A refusal by PostgreSQL carries a SQLSTATE and leaves it running. After a PANIC (no space for its log, say) a server
 * would end; this engine would go on in a state that nobody has thought of, and hang. Anything else is its crash.
 */
function isRefusal(thrown: unknown): boolean {
  const { code, severity } = thrown as { code?: unknown; severity?: unknown };
  if (severity === 'PANIC' || severity === 'FATAL') return false;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
}

async function start(path: string, files: WriteThroughFs): Promise<PGlite> {
  const parameters = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F' || !fsync);
  const writeThrough = fsync ? ['-c', 'wal_sync_method=fsync'] : [];
  return await PGlite.create({ dataDir: path, fs: files, startParams: [...parameters, ...writeThrough] });
}

async function create(): Promise<void> {
  clearNascent(directory);
  const pg = await start(nascent(directory), new WriteThroughFs(nascent(directory)));
  await pg.exec('CHECKPOINT');
  await pg.close();
  adoptNascent(directory, fsync);
}

/** A commit that must reach the disk: a transactional message is written to the log without any table. */
async function commitIsWrittenThrough(pg: PGlite, files: WriteThroughFs): Promise<boolean> {
  const before = files.syncs;
  await pg.query(`SELECT pg_logical_emit_message(true, 'vigie', 'is this written through?')`);
  return files.syncs > before;
}

async function serve(pg: PGlite, files: WriteThroughFs, request: PgliteRequest): Promise<void> {
  const { id } = request;
  try {
    if (request.kind === 'query') {
      const { rows, affectedRows } = await pg.query<Record<string, unknown>>(request.sql, [...request.parameters]);
      reply({ kind: 'result', id, rows, ...(affectedRows === undefined ? {} : { affected: affectedRows }) });
    } else if (request.kind === 'close') {
      await pg.exec('CHECKPOINT');
      await pg.close();
      reply({ kind: 'result', id, rows: [] });
      port.close();
    } else {
      const channel = `"${request.channel.replaceAll('"', '""')}"`;
      await pg.exec(`${request.kind === 'listen' ? 'LISTEN' : 'UNLISTEN'} ${channel}`);
      reply({ kind: 'result', id, rows: [] });
    }
  } catch (thrown) {
    if (isRefusal(thrown)) reply({ kind: 'failure', id, failure: failureOf(thrown, false) });
    else reply({ kind: 'crashed', id, failure: failureOf(thrown, files.full) });
  }
}

const files = new WriteThroughFs(directory);
try {
  if (!holdsDatabase(directory)) await create();
  const pg = await start(directory, files);
  const written = await commitIsWrittenThrough(pg, files);
  pg.onNotification((channel, payload) => reply({ kind: 'notification', channel, payload }));
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: PgliteRequest) => {
    last = last.then(() => serve(pg, files, request));
  });
  reply({ kind: 'ready', fsync: written });
} catch (thrown) {
  reply({ kind: 'start-failed', failure: failureOf(thrown, files.full) });
  port.close();
}

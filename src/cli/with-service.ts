import { pino } from 'pino';
import { App } from '../app.js';
import { DEFAULTS } from '../config.js';
import { VigieError } from '../errors.js';
import { socketPathOf } from '../storage/data-dir.js';
import { ServiceClient } from './service-client.js';

/**
 * Runs a command against the service that owns a data directory. When none runs, the command owns the directory itself
 * for as long as it takes, and speaks to itself through the same socket: there is one way of changing things.
 */
export async function withService<T>(dataDir: string, act: (service: ServiceClient) => Promise<T>): Promise<T> {
  const running = await connect(dataDir);
  if (running !== undefined) {
    try {
      return await act(running);
    } finally {
      await running.close();
    }
  }
  const app = await App.open(
    { ...DEFAULTS, dataDir, databaseUrl: process.env['DATABASE_URL'] },
    { logger: pino({ level: 'silent' }), decoders: false },
  );
  try {
    await app.listenLocally();
    const client = new ServiceClient(app.socketPath);
    try {
      return await act(client);
    } finally {
      await client.close();
    }
  } finally {
    await app.close();
  }
}

/** The socket of the service on a data directory. @throws VigieError `service-not-running` when there is no such directory */
export async function socketPathFor(dataDir: string): Promise<string> {
  try {
    return await socketPathOf(dataDir);
  } catch (cause) {
    throw new VigieError('service-not-running', { cause });
  }
}

async function connect(dataDir: string): Promise<ServiceClient | undefined> {
  let client: ServiceClient | undefined;
  try {
    client = new ServiceClient(await socketPathFor(dataDir));
    await client.call('GET', '/healthz');
    return client;
  } catch (error) {
    await client?.close();
    if (error instanceof VigieError && error.code === 'service-not-running') return undefined;
    throw error;
  }
}

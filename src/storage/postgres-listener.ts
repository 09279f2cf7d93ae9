import pg from 'pg';
import { VigieError } from '../errors.js';
import { sqlError } from './sql-error.js';

const RETRY = 1000;

/** One connection of its own for LISTEN. When it is lost it is made again, and every listener hears an empty payload. */
export class PostgresListener {
  readonly #config: pg.ClientConfig;
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  #client: Promise<pg.Client> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(config: pg.ClientConfig) {
    this.#config = config;
  }

  async listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    if (this.#closed) throw new VigieError('database-unavailable', { detail: 'it was closed' });
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(heard));
    try {
      const client = await this.#connected();
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (thrown) {
      listeners.delete(heard);
      throw sqlError(thrown);
    }
    return async () => {
      listeners.delete(heard);
      if (listeners.size > 0 || this.#closed) return;
      this.#listeners.delete(channel);
      // A connection that is gone listens to nothing.
      await this.#client?.then((open) => open.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`)).catch(() => undefined);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = await this.#client?.catch(() => undefined);
    await client?.end();
  }

  #connected(): Promise<pg.Client> {
    this.#client ??= this.#connect().catch((thrown) => {
      this.#lost();
      throw thrown;
    });
    return this.#client;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    client.on('notification', ({ channel, payload }) => this.#tell(channel, payload ?? ''));
    client.on('error', () => undefined);
    await client.connect();
    client.once('end', () => this.#lost());
    return client;
  }

  #lost(): void {
    this.#client = undefined;
    if (this.#closed || this.#listeners.size === 0) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#resume(), RETRY).unref();
  }

  async #resume(): Promise<void> {
    try {
      const client = await this.#connected();
      for (const channel of this.#listeners.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      for (const channel of this.#listeners.keys()) this.#tell(channel, '');
    } catch {
      // #connected has set the next attempt already.
    }
  }

  #tell(channel: string, payload: string): void {
    for (const heard of this.#listeners.get(channel) ?? []) heard(payload);
  }
}

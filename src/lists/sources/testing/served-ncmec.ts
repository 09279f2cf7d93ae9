import { afterEach } from 'vitest';
import type { Entry } from '../../../index/entry.js';
import { signalType } from '../../../signals/signal-types.js';
import { ncmec } from '../ncmec/ncmec.js';
import type { DeltaSource } from '../source.js';
import { NcmecServer, type NcmecServerOptions, type ServedEntry } from './ncmec-server.js';
import { houseOfTests } from './pull-source.js';

export const NOW = Date.UTC(2026, 10, 25, 3, 0, 0);
export const SECOND = Math.floor(NOW / 1_000);
export const HOUR = 3_600;
export const CREDENTIALS = { username: 'harbour', password: 'pass:word' };
export const TIME_LIMIT = 30_000;

const servers: NcmecServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

export async function serve(options: NcmecServerOptions = {}): Promise<NcmecServer> {
  const server = await NcmecServer.open(options);
  server.http.now = () => NOW;
  servers.push(server);
  return server;
}

/** The kind as a person adds it, its settings read as the API reads them. */
export function connect(server: NcmecServer, settings: Record<string, unknown> = {}, now = () => NOW): DeltaSource {
  const read = ncmec.settings.parse({ baseUrl: `${server.base}/`, ...settings });
  return ncmec.open(read, CREDENTIALS, houseOfTests(now)) as DeltaSource;
}

export function md5(n: number): string {
  return (n + 1).toString(16).padStart(32, 'a');
}

export function image(n: number, more: Partial<ServedEntry> = {}): ServedEntry {
  return {
    ...{ member: '42', id: `image${n}`, kind: 'image', timestamp: SECOND - 1_000 - n, classification: 'A1' },
    ...{ fingerprints: [['md5', md5(n)]], ...more },
  };
}

export function valuesOf(entry: Entry | undefined): readonly string[] {
  return (entry?.signals ?? []).map(({ type, value }) => `${type} ${signalType(type).format(value)}`);
}

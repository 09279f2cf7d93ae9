import { connect } from 'node:net';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import { openBlobStore, resolveBlobStorePlace } from '../storage/blob-store-place.js';
import { parseNatsUrl } from '../storage/work/nats-place.js';
import type { Finding } from './finding.js';

const WAIT_MS = 10_000;
const NO_BLOB = '0'.repeat(64);

/** What processes share beside the database, where it is configured. */
export async function sharedPlaces(
  dataDir: string,
  { VIGIE_SEGMENTS: segments, NATS_URL: nats }: Readonly<Record<string, string | undefined>> = process.env,
): Promise<readonly Finding[]> {
  return [
    ...(segments === undefined ? [] : [await store(segments, dataDir)]),
    ...(nats === undefined ? [] : [await server(nats)]),
  ];
}

async function store(text: string, dataDir: string): Promise<Finding> {
  const what = 'segments: shared place';
  try {
    const [segments, media, tmp] = [join(dataDir, 'segments'), join(dataDir, 'media'), join(dataDir, 'tmp')];
    const place = await resolveBlobStorePlace(text, 'segments', { segments, media, tmp });
    await inTime(openBlobStore(place).has(NO_BLOB));
    return {
      what,
      state: 'good',
      found: place.kind === 'directory' ? 'a directory that can be written' : 'an object store that answers',
    };
  } catch (thrown) {
    const { message, remedy } = VigieError.from(thrown);
    return { what, state: 'bad', found: message, remedy };
  }
}

/** Whether something listens there; credentials are tried by the service alone. */
async function server(text: string): Promise<Finding> {
  const what = 'NATS';
  const remedy = 'Check NATS_URL and that the server runs.';
  try {
    const { servers } = parseNatsUrl(text);
    for (const each of servers) await inTime(knock(each));
    return { what, state: 'good', found: `${servers.length} listen` };
  } catch (thrown) {
    const code = (thrown as { code?: unknown }).code;
    return { what, state: 'bad', found: `does not answer${typeof code === 'string' ? ` (${code})` : ''}`, remedy };
  }
}

async function knock(address: string): Promise<void> {
  const cut = address.lastIndexOf(':');
  const host = address.slice(0, cut).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(address.slice(cut + 1)), host, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

async function inTime<T>(act: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new VigieError('store-unavailable', { detail: 'no answer in time' })), WAIT_MS);
  });
  try {
    return await Promise.race([act, late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { PlatformHouse } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import type { ExchangeAnswer } from '../../net/guarded-client.js';
import { readBounded } from '../../net/read-bounded.js';
import { retryAfterSeconds } from '../../net/retry-after.js';
import { openRemote } from '../open-remote.js';
import { decrypted, readEncryptedRef } from './encrypted-file.js';
import { path } from './matrix-api.js';
import { type Mxc, readMxc } from './mxc.js';
import type { MatrixCredentials, MatrixSettings } from './settings.js';

/** How long the homeserver may take to fetch it from another, milliseconds. */
const REMOTE_MS = 20_000;
const ERROR_BYTES = 64 << 10;

/**
 * Opens a medium by its reference, through the homeserver of the bot, which has it or gets it from where it was uploaded.
 * @throws VigieError `fetch-failed`, `fetch-timeout`, `platform-refused`, `platform-busy` with `retryAfter`
 */
export async function download(
  { baseUrl }: Pick<MatrixSettings, 'baseUrl'>,
  credentials: MatrixCredentials,
  house: Pick<PlatformHouse, 'client' | 'now'>,
  ref: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const sealed = readEncryptedRef(ref);
  const mxc = readMxc(sealed?.url ?? ref);
  if (mxc === undefined) throw new VigieError('fetch-failed', { detail: 'a reference of another version' });
  const body = open(withoutSlash(baseUrl), credentials, house, mxc, signal);
  return sealed === undefined ? body : decrypted(sealed, body);
}

async function* open(
  baseUrl: string,
  { token }: MatrixCredentials,
  { client, now }: Pick<PlatformHouse, 'client' | 'now'>,
  mxc: Mxc,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = {
    headers: { authorization: `Bearer ${token}` },
    refusal: (answer: ExchangeAnswer) => refusalOf(answer, now()),
  };
  try {
    yield* openRemote(client, mediumUrl(baseUrl, 'client/v1', mxc), file, signal);
  } catch (error) {
    // Homeservers of before version 1.11 of the specification have it under the older address alone.
    if (!(error instanceof VigieError && error.detail === UNKNOWN_ADDRESS)) throw error;
    yield* openRemote(client, mediumUrl(baseUrl, 'media/v3', mxc), file, signal);
  }
}

/** Where a medium is downloaded, in the newer or the older way. */
export function mediumUrl(baseUrl: string, way: 'client/v1' | 'media/v3', { server, id }: Mxc): string {
  const folder = way === 'client/v1' ? '/_matrix/client/v1/media/download' : '/_matrix/media/v3/download';
  return `${baseUrl}${folder}${path`/${server}/${id}`}?timeout_ms=${REMOTE_MS}`;
}

const UNKNOWN_ADDRESS = 'M_UNRECOGNIZED';

async function refusalOf({ status, headers, body }: ExchangeAnswer, now: number): Promise<VigieError> {
  const said = (await readBounded(body, ERROR_BYTES))?.toString() ?? '';
  const errcode = /"errcode"\s*:\s*"(M_[A-Z_]{1,40})"/.exec(said)?.[1];
  const ms = Number(/"retry_after_ms"\s*:\s*(\d{1,9})/.exec(said)?.[1]);
  if (status === 401) return new VigieError('platform-refused', { detail: 'the token is not valid' });
  if (status === 429) {
    const seconds = ms > 0 ? ms / 1_000 : (retryAfterSeconds(headers['retry-after'], now) ?? 5);
    return new VigieError('platform-busy', { retryAfter: Math.min(3_600, Math.max(0.05, seconds)) });
  }
  if ((status === 404 || status === 405) && errcode === UNKNOWN_ADDRESS) {
    return new VigieError('fetch-failed', { detail: UNKNOWN_ADDRESS });
  }
  // It is announced before it is uploaded, or another homeserver does not answer: both pass.
  if (status === 504) return new VigieError('fetch-timeout', { detail: errcode ?? 'status 504' });
  return new VigieError('fetch-failed', { detail: errcode ?? `the server answered ${status}` });
}

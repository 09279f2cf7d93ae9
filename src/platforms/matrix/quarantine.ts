import type { Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import { mediumUrl } from './download.js';
import { readEncryptedRef } from './encrypted-file.js';
import { path } from './matrix-api.js';
import { readMxc } from './mxc.js';
import type { MatrixParts } from './parts.js';

const LOOK_TIMEOUT_MS = 20_000;

/**
 * Has Synapse give a medium to nobody any more, also the copy that it keeps of one of another homeserver; and sees whether
 * that is so. The file stays on its disk.
 * @throws MatrixRefusal when the bot is no administrator; VigieError as `Platform.act`
 */
export async function quarantine(parts: MatrixParts, ref: string, signal: AbortSignal): Promise<Outcome> {
  const { api, adminUrl } = parts;
  const mxc = readMxc(readEncryptedRef(ref)?.url ?? ref);
  if (mxc === undefined) return 'already';
  if (!(await isServed(parts, mxc, signal))) return 'already';
  const where = path`/_synapse/admin/v1/media/quarantine/${mxc.server}/${mxc.id}`;
  await api.ask('quarantine', { method: 'POST', baseUrl: adminUrl, path: where }, signal);
  if (await isServed(parts, mxc, signal))
    throw new VigieError('act-unconfirmed', { detail: 'the medium is there yet' });
  return 'done';
}

async function isServed(
  { settings, house, api }: MatrixParts,
  mxc: NonNullable<ReturnType<typeof readMxc>>,
  signal: AbortSignal,
): Promise<boolean> {
  const url = mediumUrl(withoutSlash(settings.baseUrl), 'client/v1', mxc);
  const sent = { headers: api.authorization, timeoutMs: LOOK_TIMEOUT_MS, signal };
  try {
    // The connection is closed before the body is read.
    const status = await house.client.exchange(url, sent, async (answer) => answer.status);
    if (status === 429) throw new VigieError('platform-busy', { retryAfter: 5 });
    return status === 200;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VigieError && error.code.startsWith('fetch-')) {
      throw new VigieError('platform-unreachable', { cause: error.cause });
    }
    throw error;
  }
}

import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { GrammyError } from 'grammy';
import type { PlatformHouse } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import { openRemote } from '../open-remote.js';
import { BotApi } from './bot-api.js';
import { CLOUD_FILE_BYTES, OUT_OF_REACH } from './media-of.js';
import type { TelegramCredentials, TelegramSettings } from './settings.js';

/**
 * Opens a file by its `file_id`.
 * @throws VigieError `fetch-failed`, `fetch-timeout`, `media-too-large`, `platform-refused`, `platform-busy` with
 * `retryAfter`, `platform-unreachable`, `platform-malformed`
 */
export async function download(
  settings: TelegramSettings,
  { token }: TelegramCredentials,
  { client, now }: PlatformHouse,
  ref: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  if (ref === OUT_OF_REACH) throw new VigieError('platform-refused', { detail: 'no bot is given this medium' });
  const baseUrl = withoutSlash(settings.baseUrl);
  const file = await fileOf(new BotApi({ baseUrl, token, client }, now), ref, signal);
  const local = settings.localFiles !== '';
  const { file_path: path, file_size: size } = file;
  if (!local && (size ?? 0) > CLOUD_FILE_BYTES) throw new VigieError('media-too-large', { detail: 'more than 20 MB' });
  if (path === undefined) throw new VigieError('fetch-failed', { detail: 'the file has no path' });
  if (isAbsolute(path)) return await openLocal(path, settings.localFiles, signal);
  if (path.split('/').some((part) => part === '..' || part === '' || part === '.')) {
    throw new VigieError('fetch-failed', { detail: 'the path of the file is not valid' });
  }
  const url = `${baseUrl}/file/bot${token}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const most = local ? undefined : CLOUD_FILE_BYTES;
  return openRemote(client, url, { size, most, refusal: ({ status }) => refusal(status) }, signal);
}

async function fileOf(api: BotApi, ref: string, signal: AbortSignal) {
  try {
    return await api.ask('getFile', (raw, stop) => raw.getFile({ file_id: ref }, stop), signal);
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    if (/file is too big/i.test(error.description)) {
      throw new VigieError('media-too-large', { detail: 'more than 20 MB' });
    }
    throw new VigieError('fetch-failed', { detail: `the Bot API answered ${error.error_code}` });
  }
}

async function openLocal(path: string, directory: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  if (directory === '') {
    throw new VigieError('fetch-failed', { detail: 'the Bot API server is local, and localFiles is not set' });
  }
  try {
    // Links are followed before it is judged: the server may be told what its files are called.
    const [real, root] = await Promise.all([realpath(path), realpath(directory)]);
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
      throw new VigieError('fetch-failed', { detail: 'the file lies outside of localFiles' });
    }
    return readLocal(real, signal);
  } catch (error) {
    if (error instanceof VigieError) throw error;
    throw new VigieError('fetch-failed', { detail: 'the file cannot be opened', cause: error });
  }
}

/** Opened when it is read. */
async function* readLocal(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { signal })) yield chunk as Uint8Array;
  } catch (error) {
    signal.throwIfAborted();
    throw new VigieError('fetch-failed', { detail: 'the file cannot be read', cause: error });
  }
}

function refusal(status: number): VigieError {
  if (status === 401) return new VigieError('platform-refused', { detail: 'the token is not valid' });
  if (status === 429) return new VigieError('platform-busy', { retryAfter: 5 });
  return new VigieError('fetch-failed', { detail: `the server answered ${status}` });
}

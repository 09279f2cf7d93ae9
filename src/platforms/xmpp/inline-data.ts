import { xml } from '@xmpp/client';
import type { SharedMedium } from '../../enforcement/platform.js';
import { refTo } from './medium-ref.js';
import { NS } from './namespaces.js';
import type { WatchParts } from './watch-parts.js';

const ANSWER_MS = 5_000;
const MOST = 8;

/**
 * Asks who sent a message for the pictures that it shows and does not carry (XEP-0231). One that is not given is handed
 * in nonetheless, so that the verdict says that it could not be looked at.
 */
export async function askForInline(
  { session, signal }: WatchParts,
  sender: string,
  cids: readonly string[],
): Promise<readonly SharedMedium[]> {
  return await Promise.all(
    cids.map(async (cid, i) => {
      try {
        if (i >= MOST) throw new Error('too many');
        const answer = await session.ask('get', sender, xml('data', { xmlns: NS.bob, cid }), signal, ANSWER_MS);
        const text = answer.getChild('data', NS.bob)?.text().replaceAll(/\s/g, '') ?? '';
        return { ref: text === '' ? refTo('lost', 'its sender gave nothing') : refTo('bob', text) };
      } catch {
        signal.throwIfAborted();
        return { ref: refTo('lost', 'its sender does not give it') };
      }
    }),
  );
}

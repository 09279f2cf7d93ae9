import type { PlatformKind } from '../../enforcement/platform.js';
import { itemsOf } from './disco.js';
import { openRef } from './medium-ref.js';
import { Session } from './session.js';
import { Uploads } from './uploads.js';
import { XmppPlatform } from './xmpp-platform.js';
import { type XmppCredentials, type XmppSettings, xmppCredentials, xmppSettings } from './xmpp-settings.js';

const MOST_ROOMS = 500;

/** Rooms of an XMPP server, watched by an account that may moderate them. */
export const xmpp: PlatformKind<XmppSettings, XmppCredentials> = {
  kind: 'xmpp',
  title: 'XMPP',
  description: 'Public rooms of an XMPP server such as Prosody or ejabberd, with the files that are uploaded to it.',
  settings: xmppSettings,
  credentials: xmppCredentials,
  async test({ account, address, service, rooms, uploads: bases }, { password }, _house, signal) {
    // Beside the connection that watches, which is not to end by it.
    const session = await Session.open({ account, password, address, resource: 'vigie-test' }, signal);
    try {
      const uploads = await Uploads.find(session, bases, signal);
      const listed = service === undefined ? [] : await itemsOf(session, service, MOST_ROOMS, signal);
      return {
        account,
        rooms: String(new Set([...rooms, ...listed]).size),
        uploads: uploads.count === 0 ? 'none found' : uploads.removable ? 'can be taken down' : 'cannot be taken down',
      };
    } finally {
      await session.close();
    }
  },
  open: (settings, credentials, house) => new XmppPlatform(settings, credentials, house),
  fetch: async (_settings, _credentials, { client }, ref, signal) => openRef(client, ref, signal),
};

import type { PlatformKind } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import { download } from './download.js';
import { type MatrixApi, path } from './matrix-api.js';
import { apiOf, MatrixConnection, whoAmI } from './matrix-connection.js';
import { MatrixRefusal } from './matrix-refusal.js';
import { type MatrixCredentials, type MatrixSettings, matrixCredentials, matrixSettings } from './settings.js';

/** Rooms of Matrix, watched by an account on a homeserver. */
export const matrix: PlatformKind<MatrixSettings, MatrixCredentials> = {
  kind: 'matrix',
  title: 'Matrix',
  description: 'Public rooms of Matrix, watched by an account that moderates them; with Synapse, its media too.',
  settings: matrixSettings,
  credentials: matrixCredentials,
  async test(settings, { token }, house, signal) {
    const api = apiOf(settings, token, house);
    try {
      const account = await whoAmI(api, signal);
      const said = await api.ask('joined', { path: '/_matrix/client/v3/joined_rooms' }, signal);
      const rooms = Array.isArray(said['joined_rooms']) ? said['joined_rooms'].length : 0;
      const { admin, adminUrl, baseUrl } = settings;
      const where = withoutSlash(adminUrl === '' ? baseUrl : adminUrl);
      return {
        account,
        'is in rooms': String(rooms),
        media: admin === 'none' ? 'are left where they are' : await mediaFact(api, where, account, signal),
      };
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
      throw new VigieError('platform-refused', { detail: error.errcode });
    }
  },
  open: (settings, credentials, house) => new MatrixConnection(settings, credentials, house),
  fetch: download,
};

async function mediaFact(api: MatrixApi, baseUrl: string, account: string, signal: AbortSignal): Promise<string> {
  const call = { baseUrl, path: path`/_synapse/admin/v1/users/${account}/admin` };
  const { admin } = await api.ask('account', call, signal);
  if (admin !== true) throw new VigieError('platform-refused', { detail: 'the bot is no administrator of Synapse' });
  return 'can be quarantined';
}

import { hkdfSync, type KeyObject } from 'node:crypto';
import type { PlatformHouse, SharedItem } from '../../../enforcement/platform.js';
import { apiOf } from '../matrix-connection.js';
import { RoomFacts } from '../room-facts.js';
import type { MatrixCredentials, MatrixSettings } from '../settings.js';
import { sharedItemOf } from '../shared-item.js';
import type { PduFields } from './pdu-shape.js';
import { RoomVersions } from './room-versions.js';
import { ServerKeys } from './server-keys.js';
import { signingKey } from './sign-json.js';

export interface AskedPlatformOptions {
  readonly name: string;
  readonly settings: MatrixSettings;
  readonly credentials: MatrixCredentials;
  readonly house: PlatformHouse;
  /** What the keys of all platforms are made of. */
  readonly secret: Uint8Array;
}

/** A platform that servers ask before they publish. It holds no connection, so that any process can answer. */
export class AskedPlatform {
  readonly name: string;
  readonly settings: MatrixSettings;
  readonly keys: ServerKeys;
  readonly versions: RoomVersions;
  /** What events are signed with. */
  readonly key: KeyObject;
  readonly #facts: RoomFacts;
  readonly #house: PlatformHouse;

  constructor({ name, settings, credentials, house, secret }: AskedPlatformOptions) {
    const api = apiOf(settings, credentials.token, house);
    this.name = name;
    this.settings = settings;
    this.keys = new ServerKeys(api, house.now);
    this.versions = new RoomVersions(api, house.now);
    this.#facts = new RoomFacts({ api, openRooms: new Set(settings.openRooms), now: house.now });
    this.#house = house;
    const { policyServer, policyKey } = settings;
    const about = `vigie: matrix policy key ${policyKey} of ${policyServer}`;
    this.key = signingKey(new Uint8Array(hkdfSync('sha256', secret, '', about, 32)));
  }

  /**
   * What an event shares, as the connection would hand it in; undefined when there is nothing in it to look at.
   * @throws MatrixRefusal; VigieError as `MatrixApi.ask`
   */
  async itemOf(pdu: PduFields, room: string, id: string, signal: AbortSignal): Promise<SharedItem | undefined> {
    const { type, sender, origin_server_ts: at, content, state_key: key } = pdu;
    const event = {
      ...{ type, event_id: id, sender, origin_server_ts: at, content },
      ...(key === undefined ? {} : { state_key: key }),
    };
    const seenAt = new Date(this.#house.now());
    const { memberAvatars } = this.settings;
    const item = sharedItemOf(event, { room, lane: 'live', seenAt, memberAvatars, surface: 'private' });
    return item === undefined ? undefined : { ...item, surface: await this.#facts.surface(room, signal) };
  }
}

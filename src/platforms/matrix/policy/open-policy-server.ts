import type { BeforePublication } from '../../../enforcement/before-publication.js';
import type { PlatformHouse } from '../../../enforcement/platform.js';
import type { Database } from '../../../storage/database.js';
import type { Keyring } from '../../../storage/keyring.js';
import type { PlatformStore } from '../../../storage/platform-store.js';
import { openSecret } from '../../../storage/secrets.js';
import { AskedPlatforms } from './asked-platforms.js';
import { PolicyServer, type PolicyServerOptions } from './policy-server.js';

export interface OpenPolicyServerOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly store: PlatformStore;
  readonly house: PlatformHouse;
  readonly publication: BeforePublication;
  readonly answered: NonNullable<PolicyServerOptions['answered']>;
}

/**
 * What answers servers of Matrix. Its keys follow from a secret of this installation that outlives every master key, so
 * that all processes sign alike and no room has to be told anew.
 * @throws VigieError of sealing and of the database
 */
export async function openPolicyServer(options: OpenPolicyServerOptions): Promise<PolicyServer> {
  const { database, keyring, store, house, publication, answered } = options;
  const secret = await openSecret(database, keyring, 'matrix-policy-key');
  const platforms = new AskedPlatforms({ database, store, house, secret });
  return new PolicyServer({ platforms, publication, house, answered });
}

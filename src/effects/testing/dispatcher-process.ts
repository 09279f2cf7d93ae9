/**
 * A process that delivers webhooks, for tests that kill it. Runs from the compiled files, as
 * `fork(entryPoint(import.meta.url, './testing/dispatcher-process.js'), [JSON.stringify(start)])`.
 */
import { pino } from 'pino';
import { GuardedClient } from '../../net/guarded-client.js';
import { type DatabasePlace, openDatabase } from '../../storage/database.js';
import { Events } from '../../storage/events/events.js';
import { Keyring } from '../../storage/keyring.js';
import { Outbox } from '../../storage/outbox/outbox.js';
import { Webhooks } from '../webhooks.js';

export interface DispatcherStart {
  readonly place: DatabasePlace;
  /** The master key, in hexadecimal. */
  readonly key: string;
  readonly leaseMs: number;
}

async function run({ place, key, leaseMs }: DispatcherStart): Promise<void> {
  const keyring = new Keyring([Buffer.from(key, 'hex')], 'environment');
  const database = await openDatabase(place, { allowNoFsync: true });
  const { record } = new Events(keyring);
  const logger = pino({ level: 'silent' });
  const plan = { base: 1, cap: 1 };
  const limits = { poll: 20, lease: leaseMs };
  const outbox = new Outbox({ database, keyring, record, logger, node: String(process.pid), plan, limits });
  new Webhooks({ database, keyring, outbox, client: new GuardedClient({ allow: ['127.0.0.1'] }), record });
  await outbox.start();
  // Closed by the one who started it, in an orderly end.
  process.once('message', () => {
    void outbox
      .close()
      .then(() => database.close())
      .then(() => process.disconnect());
  });
  process.send?.('ready');
}

void run(JSON.parse(process.argv[2] ?? '') as DispatcherStart);

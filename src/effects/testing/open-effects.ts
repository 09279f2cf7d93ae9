/** An outbox with webhooks, for tests: they may reach loopback, and try again after milliseconds. */
import { GuardedClient } from '../../net/guarded-client.js';
import type { Database } from '../../storage/database.js';
import { Events } from '../../storage/events/events.js';
import type { OutboxOptions } from '../../storage/outbox/outbox.js';
import { openOutbox, TEST_KEYRING } from '../../storage/outbox/testing/open-outbox.js';
import { Webhooks, type WebhooksOptions } from '../webhooks.js';

export function openEffects(
  database: Database,
  webhookOptions: Partial<Omit<WebhooksOptions, 'outbox'>> = {},
  outboxOptions: Partial<OutboxOptions> = {},
) {
  const keyring = webhookOptions.keyring ?? TEST_KEYRING;
  const { outbox, events } = openOutbox(database, { keyring, ...outboxOptions });
  const client = new GuardedClient({ allow: ['127.0.0.1'] });
  const webhooks = new Webhooks({
    ...{ database, keyring, outbox, client, record: new Events(keyring).record, timeLimit: 1_000 },
    ...webhookOptions,
  });
  return { outbox, webhooks, events };
}

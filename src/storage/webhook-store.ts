import type { Selectable } from 'kysely';
import { z } from 'zod';
import { VigieError } from '../errors.js';
import { jsonb } from './column-values.js';
import type { Keyring } from './keyring.js';
import { randomId } from './random-id.js';
import type { Db, Tx, WebhookTable } from './schema.js';
import { seal, unseal } from './seal.js';
import { SqlError } from './sql-error.js';

/** What is sealed of a webhook. */
const secretsSchema = z.object({
  url: z.string(),
  /** The newest first; an older one signs too until its end, in milliseconds since 1970. */
  secrets: z.array(z.object({ secret: z.string(), until: z.number().optional() })).min(1),
});

export type WebhookSecrets = z.infer<typeof secretsSchema>;

/** A webhook without its address and its secret. */
export interface StoredWebhook {
  readonly id: string;
  readonly name: string;
  readonly kinds: readonly string[];
  readonly active: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** Webhooks, whose address and secrets are sealed. */
export class WebhookStore {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** @throws VigieError `webhook-name-taken` */
  async add(
    tx: Tx,
    webhook: { readonly name: string; readonly kinds: readonly string[]; readonly by: string },
    secrets: WebhookSecrets,
  ): Promise<StoredWebhook> {
    const { name, kinds, by } = webhook;
    const id = randomId();
    try {
      const row = await tx
        .insertInto('webhook')
        .values({ id, name, kinds: jsonb(kinds), created_by: by, sealed: this.#seal(id, secrets) })
        .returningAll()
        .executeTakeFirstOrThrow();
      return webhookOf(row);
    } catch (thrown) {
      if (thrown instanceof SqlError && thrown.sqlState === '23505') throw new VigieError('webhook-name-taken');
      throw thrown;
    }
  }

  async ls(db: Db): Promise<StoredWebhook[]> {
    const rows = await db.selectFrom('webhook').selectAll().orderBy('created_at').orderBy('id').execute();
    return rows.map(webhookOf);
  }

  /** All of them with the host, and the port where it says one, of their addresses; null when one cannot be opened. */
  async lsWithHosts(db: Db): Promise<(StoredWebhook & { readonly host: string | null })[]> {
    const rows = await db.selectFrom('webhook').selectAll().orderBy('created_at').orderBy('id').execute();
    return rows.map((row) => ({ ...webhookOf(row), host: this.#hostOf(row) }));
  }

  async find(db: Db, id: string): Promise<StoredWebhook | undefined> {
    const row = await db.selectFrom('webhook').selectAll().where('id', '=', id).executeTakeFirst();
    return row && webhookOf(row);
  }

  /** @throws VigieError `webhook-not-found`; `seal-key-wrong`, `seal-damaged` */
  async secrets(db: Db, id: string): Promise<WebhookSecrets> {
    const row = await db.selectFrom('webhook').select('sealed').where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw new VigieError('webhook-not-found');
    return this.#unseal(id, row.sealed);
  }

  /** Changes what is sealed; it is then sealed under the active key. @throws VigieError `webhook-not-found` */
  async changeSecrets(tx: Tx, id: string, change: (secrets: WebhookSecrets) => WebhookSecrets): Promise<void> {
    const row = await tx.selectFrom('webhook').select('sealed').where('id', '=', id).forUpdate().executeTakeFirst();
    if (row === undefined) throw new VigieError('webhook-not-found');
    const sealed = this.#seal(id, change(this.#unseal(id, row.sealed)));
    await tx.updateTable('webhook').set({ sealed }).where('id', '=', id).execute();
  }

  /** @returns false when there is no such webhook */
  async remove(tx: Tx, id: string): Promise<boolean> {
    const { numDeletedRows } = await tx.deleteFrom('webhook').where('id', '=', id).executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  }

  #hostOf({ id, sealed }: Pick<Selectable<WebhookTable>, 'id' | 'sealed'>): string | null {
    try {
      return new URL(this.#unseal(id, sealed).url).host;
    } catch {
      return null;
    }
  }

  #seal(id: string, secrets: WebhookSecrets): Uint8Array {
    return seal(this.#keyring, Buffer.from(JSON.stringify(secrets)), { purpose: 'webhook', aad: id });
  }

  #unseal(id: string, sealed: Uint8Array): WebhookSecrets {
    const plain = unseal(this.#keyring, sealed, { purpose: 'webhook', aad: id });
    return secretsSchema.parse(JSON.parse(Buffer.from(plain).toString()));
  }
}

function webhookOf({ id, name, kinds, active, created_by, created_at }: Selectable<WebhookTable>): StoredWebhook {
  return { id, name, kinds, active, createdBy: created_by, createdAt: created_at };
}

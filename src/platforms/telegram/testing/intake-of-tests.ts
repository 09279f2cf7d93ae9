/** What a connection is given in tests: it keeps what it is told, by the rules of the real one. */
import type { PlatformHouse, PlatformIntake, SharedItem, SharedReport } from '../../../enforcement/platform.js';
import { VigieError } from '../../../errors.js';
import { comparedOf, type ItemDraft } from '../../../intake/item-draft.js';
import { GuardedClient } from '../../../net/guarded-client.js';
import { ConnectionIntake } from '../../connection-intake.js';
import { Waits } from '../../testing/waits.js';
import { credentialsSchema, type TelegramCredentials, type TelegramSettings } from '../settings.js';
import { telegram } from '../telegram.js';
import { type BotApiServer, TOKEN } from './bot-api-server.js';

export class IntakeOfTests implements PlatformIntake {
  /** By id and revision. */
  readonly items = new Map<string, ItemDraft>();
  readonly reports: SharedReport[] = [];
  readonly troubles = new Set<string>();
  memory: unknown;
  /** Everything that was handed in, also what was there. */
  handed = 0;
  heardOf = 0;
  /** Asked before each item is taken; may throw. */
  before: (item: SharedItem) => Promise<void> | void = () => undefined;
  readonly #waits = new Waits();

  /** As the house has it, strict about another content under the same id. */
  readonly #house = new ConnectionIntake({
    ...{ name: 'telegram', memory: undefined },
    hand: (draft) => this.#keep(draft),
    gone: () => this.gone(),
    report: (report) => this.report(report),
    trouble: (trouble) => this.trouble(trouble),
    settled: (trouble) => this.settled(trouble),
    remember: (memory) => this.remember(memory),
    heard: () => this.heard(),
  });

  async hand(item: SharedItem): Promise<{ readonly id: string; readonly fresh: boolean }> {
    await this.before(item);
    return await this.#house.hand(item);
  }

  async #keep(draft: ItemDraft): Promise<{ readonly id: string; readonly fresh: boolean }> {
    this.handed++;
    if (draft.surface === 'private') throw new VigieError('surface-private');
    const id = `${draft.id} ${draft.revision ?? ''}`.trimEnd();
    const known = this.items.get(id);
    if (known !== undefined && JSON.stringify(comparedOf(known)) !== JSON.stringify(comparedOf(draft))) {
      throw new VigieError('item-conflict');
    }
    if (known === undefined) this.items.set(id, draft);
    this.#waits.changed();
    return { id, fresh: known === undefined };
  }

  async gone(): Promise<void> {}

  async report(report: SharedReport): Promise<void> {
    this.reports.push(report);
    this.#waits.changed();
  }

  async trouble({ code, room = '' }: { readonly code: string; readonly room?: string }): Promise<void> {
    this.troubles.add(`${code} ${room}`.trimEnd());
    this.#waits.changed();
  }

  async settled({ code, room = '' }: { readonly code: string; readonly room?: string }): Promise<void> {
    this.troubles.delete(`${code} ${room}`.trimEnd());
    this.#waits.changed();
  }

  async remember(memory: unknown): Promise<void> {
    // As the database gives it back.
    this.memory = JSON.parse(JSON.stringify(memory));
    this.#waits.changed();
  }

  heard(): void {
    this.heardOf++;
    this.#waits.changed();
  }

  /** Waits for something to be so that this is told of. */
  async until(until: () => boolean): Promise<void> {
    await this.#waits.until(until);
  }
}

export function houseOfTests(now: () => number = Date.now): PlatformHouse {
  const logger = { info: () => undefined, warn: () => undefined };
  return { client: new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 20_000 }), logger, now };
}

export function settingsOfTests(server: BotApiServer, more: Partial<TelegramSettings> = {}): TelegramSettings {
  return telegram.settings.parse({ baseUrl: server.origin, ...more });
}

export const credentialsOfTests: TelegramCredentials = credentialsSchema.parse({ token: TOKEN });

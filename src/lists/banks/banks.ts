import { VigieError } from '../../errors.js';
import type { EntrySignal } from '../../index/entry.js';
import {
  findBank,
  listBanks,
  nameBank,
  renameBank,
  type StoredBank,
  unnamedLists,
} from '../../storage/banks/bank-store.js';
import { type ContentNotes, ContentStore, type StoredContent } from '../../storage/banks/content-store.js';
import { ExchangeCredentials } from '../../storage/banks/exchange-credentials.js';
import type { Database } from '../../storage/database.js';
import type { Keyring } from '../../storage/keyring.js';
import { findList } from '../../storage/list-store.js';
import type { StatusChange } from '../entry-statuses.js';
import type { Lists } from '../lists.js';
import { bankNameOf, listNameOf } from './bank-names.js';

export interface BanksOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly lists: Lists;
}

/** A content with what is known of its entry. */
export interface ShownContent extends StoredContent {
  /** False while the entry does not match, whoever says so. */
  readonly enabled: boolean;
  readonly signals: readonly EntrySignal[];
}

const DUE_AT_ONCE = 100;
/** Numbers that are kept at hand: they never change. */
const REMEMBERED = 100_000;

/** Our lists as banks: the names and numbers by which clients of Hasher-Matcher-Actioner know lists and entries. */
export class Banks {
  readonly #options: BanksOptions;
  readonly #contents: ContentStore;
  readonly #credentials: ExchangeCredentials;
  readonly #numbers = new Map<string, number>();

  constructor(options: BanksOptions) {
    this.#options = options;
    this.#contents = new ContentStore(options.keyring);
    this.#credentials = new ExchangeCredentials(options.keyring);
  }

  /** Every list of media that is looked for, by the name of its bank. */
  async ls(): Promise<readonly StoredBank[]> {
    const { db } = this.#options.database;
    for (const { id, name } of await unnamedLists(db)) await this.#name(id, bankNameOf(name));
    return await listBanks(db);
  }

  async find(name: string): Promise<StoredBank | undefined> {
    const { db } = this.#options.database;
    return (await findBank(db, name)) ?? (await this.ls()).find((bank) => bank.name === name);
  }

  /**
   * Makes a list that needs no second person, and names it.
   * @param ratio share of media that it is applied to, 0 to 1
   * @returns undefined when there is such a bank
   */
  async create(name: string, ratio: number): Promise<StoredBank | undefined> {
    const { database, lists } = this.#options;
    if ((await this.find(name)) !== undefined) return undefined;
    const list = await this.freeListName(name);
    await lists.create(list, { approval: 'none', sampleRatio: ratio });
    const stored = await findList(database.db, list);
    if (stored === undefined) throw new VigieError('list-not-found');
    if (!(await nameBank(database.db, stored.id, name))) {
      // Somebody else was first, with the bank or with naming the list.
      if (!(await renameBank(database.db, stored.id, name))) {
        await lists.remove(list);
        return undefined;
      }
    }
    return await findBank(database.db, name);
  }

  /** A name for a list that is not taken. */
  async freeListName(bank: string): Promise<string> {
    const { db } = this.#options.database;
    const plain = listNameOf(bank);
    for (let n = 1; ; n++) {
      const name = n === 1 ? plain : `${plain}.${n}`;
      if ((await findList(db, name)) === undefined) return name;
    }
  }

  /** Names the bank of a list that was made otherwise, such as for a source. */
  async nameList(list: string, name: string): Promise<void> {
    const { db } = this.#options.database;
    const stored = await findList(db, list);
    if (stored === undefined || (await nameBank(db, stored.id, name))) return;
    if (!(await renameBank(db, stored.id, name))) throw new VigieError('list-name-taken');
  }

  /** The list keeps its own name. @returns false when another bank has the name */
  async rename({ listId }: StoredBank, name: string): Promise<boolean> {
    return await renameBank(this.#options.database.db, listId, name);
  }

  async setRatio({ list }: StoredBank, ratio: number): Promise<void> {
    await this.#options.lists.describeList(list, { sampleRatio: ratio });
  }

  /** @throws VigieError `list-has-source` */
  async remove({ list }: StoredBank): Promise<void> {
    await this.#options.lists.remove(list);
  }

  /** The numbers of entries of a bank, in their order. */
  async numbers({ listId }: StoredBank, entryIds: readonly string[]): Promise<readonly number[]> {
    const key = (entryId: string) => `${listId}/${entryId}`;
    const unknown = entryIds.filter((entryId) => !this.#numbers.has(key(entryId)));
    if (unknown.length > 0) {
      const asked = [...new Set(unknown)].map((entryId) => ({ listId, entryId }));
      const numbers = await this.#contents.numbers(this.#options.database.db, asked);
      if (numbers.length < asked.length) throw new VigieError('segment-closed');
      if (this.#numbers.size > REMEMBERED) this.#numbers.clear();
      for (const [i, { entryId }] of asked.entries()) this.#numbers.set(key(entryId), numbers[i] as number);
    }
    return entryIds.map((entryId) => this.#numbers.get(key(entryId)) as number);
  }

  /** Adds an entry; it matches when this returns. @throws VigieError as `Lists.addEntries` */
  async add(bank: StoredBank, signals: readonly EntrySignal[], notes: ContentNotes): Promise<number> {
    const { database, lists } = this.#options;
    const { id, entryId } = await this.#contents.draw(database.db, bank.listId, notes);
    try {
      await lists.addEntries(bank.list, [{ id: entryId, added: Date.now(), signals }]);
    } catch (error) {
      await this.#contents.forget(database.db, id);
      throw error;
    }
    return id;
  }

  /** A content of this bank, and of no other. @returns undefined when there is none, or it was deleted */
  async content(bank: StoredBank, id: number): Promise<ShownContent | undefined> {
    const { database, lists } = this.#options;
    const stored = await this.#contents.find(database.db, id);
    if (stored === undefined || stored.deleted || stored.listId !== bank.listId) return undefined;
    try {
      const { entry, statuses } = await lists.entry(bank.list, stored.entryId);
      const enabled = !statuses.some(({ status }) => status === 'withdrawn' || status === 'inactive');
      return { ...stored, enabled, signals: entry.signals };
    } catch (error) {
      if (error instanceof VigieError && error.code === 'entry-not-found') return undefined;
      throw error;
    }
  }

  /** @throws VigieError `approval-required` where a list needs a second person to match again */
  async enable(bank: StoredBank, { id, entryId }: StoredContent, change: StatusChange): Promise<void> {
    const { database, lists } = this.#options;
    await lists.restore(bank.list, entryId, change);
    await this.#contents.setDisabled(database.db, id, null);
  }

  /** @param until when it matches again by itself; null for never */
  async disable(
    bank: StoredBank,
    { id, entryId }: StoredContent,
    until: Date | null,
    change: StatusChange,
  ): Promise<void> {
    const { database, lists } = this.#options;
    await this.#contents.setDisabled(database.db, id, until);
    await lists.withdraw(bank.list, entryId, change);
  }

  async note({ id, metadata }: StoredContent, note: string | undefined): Promise<void> {
    await this.#contents.setNotes(this.#options.database.db, id, { note, metadata });
  }

  /** The entry stops matching, and its number means nothing any more. */
  async removeContent(bank: StoredBank, { id, entryId }: StoredContent, change: StatusChange): Promise<boolean> {
    await this.#options.lists.withdraw(bank.list, entryId, change);
    return await this.#contents.remove(this.#options.database.db, id);
  }

  /** Lets match again what was to be silent until now; call it once in a while, on any number of nodes. */
  async endDisabled(): Promise<number> {
    const { db } = this.#options.database;
    const due = await this.#contents.due(db, DUE_AT_ONCE);
    if (due.length === 0) return 0;
    const banks = new Map((await this.ls()).map((bank) => [bank.listId, bank]));
    const change = { reason: 'the time that was set is over', by: null };
    for (const content of due) {
      const bank = banks.get(content.listId);
      try {
        if (bank !== undefined) await this.enable(bank, content, change);
      } catch (error) {
        if (!(error instanceof VigieError && FINAL.has(error.code))) throw error;
      }
      await this.#contents.setDisabled(db, content.id, null);
    }
    return due.length;
  }

  /** What was given for every exchange of a kind; undefined when nothing was. */
  async credentials(api: string): Promise<unknown> {
    return await this.#credentials.get(this.#options.database.db, api);
  }

  /** @param credentials undefined to forget them */
  async setCredentials(api: string, credentials: unknown): Promise<void> {
    const { db } = this.#options.database;
    if (credentials === undefined) await this.#credentials.clear(db, api);
    else await this.#credentials.set(db, api, credentials);
  }

  async #name(listId: string, name: string): Promise<void> {
    const { db } = this.#options.database;
    for (let n = 1; n < 1_000; n++) {
      if (await nameBank(db, listId, n === 1 ? name : `${name}_${n}`)) return;
      // Another process was first, or the list is gone.
      if (!(await unnamedLists(db)).some(({ id }) => id === listId)) return;
    }
  }
}

/** After these, trying again changes nothing: the entry stays silent until a person decides. */
const FINAL: ReadonlySet<string> = new Set(['approval-required', 'entry-not-found', 'list-not-found']);

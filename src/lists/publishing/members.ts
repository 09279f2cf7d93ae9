import { createHash, randomBytes } from 'node:crypto';
import { VigieError } from '../../errors.js';
import type { Database } from '../../storage/database.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { getList, listLists } from '../../storage/list-store.js';
import {
  addMember,
  findMemberByKey,
  listMembers,
  noteMemberSeen,
  revokeMember,
  type StoredMember,
} from '../../storage/publishing/member-store.js';

const PREFIX = 'vigie_member_';
const SECRET_BYTES = 32;

export interface MemberDraft {
  readonly name: string;
  /** Names of lists; undefined for all that are published, also later on. */
  readonly lists?: readonly string[] | undefined;
  /** Undefined for all grades. */
  readonly grades?: readonly string[] | undefined;
  readonly jurisdictions: readonly string[];
  readonly rate: string | null;
}

/** Those to whom lists are published. Of their keys only the SHA-256 is kept. */
export class Members {
  readonly #database: Database;
  readonly #record: RecordEvent | undefined;

  constructor(database: Database, record?: RecordEvent) {
    this.#database = database;
    this.#record = record;
  }

  /**
   * @param by id of the principal
   * @returns the member, and its key, which is told only once
   * @throws VigieError `member-name-taken`, `list-not-found`
   */
  async add(draft: MemberDraft, by: string): Promise<{ readonly member: StoredMember; readonly key: string }> {
    const key = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
    const { name, rate, jurisdictions, grades = null } = draft;
    const lists: string[] = [];
    for (const each of draft.lists ?? []) lists.push((await getList(this.#database.db, each)).id);
    const view = { lists: draft.lists === undefined ? null : lists, grades, jurisdictions };
    const member = await this.#database.transaction(async (tx) => {
      const added = await addMember(tx, { name, rate, by, hash: hashOf(key), ...view });
      const refs = { member: added.id, name };
      await this.#record?.(tx, { kind: 'member.added', actor: by, subject: `member:${added.id}`, refs });
      return added;
    });
    return { member, key };
  }

  /** @returns the member that a key belongs to; undefined when it is unknown or revoked */
  async find(key: string): Promise<StoredMember | undefined> {
    if (!key.startsWith(PREFIX)) return undefined;
    const { db } = this.#database;
    const member = await findMemberByKey(db, hashOf(key));
    if (member !== undefined) await noteMemberSeen(db, member.id);
    return member;
  }

  /** All members, revoked ones too. */
  async ls(): Promise<readonly StoredMember[]> {
    return await listMembers(this.#database.db);
  }

  /** What the lists are called that members name by id. */
  async listNames(): Promise<ReadonlyMap<string, string>> {
    return new Map((await listLists(this.#database.db)).map(({ id, name }) => [id, name]));
  }

  /** From now on its key opens nothing. @throws VigieError `member-not-found` */
  async revoke(id: string, by: string): Promise<void> {
    await this.#database.transaction(async (tx) => {
      if (!(await revokeMember(tx, id))) throw new VigieError('member-not-found');
      await this.#record?.(tx, { kind: 'member.revoked', actor: by, subject: `member:${id}`, refs: { member: id } });
    });
  }
}

function hashOf(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}

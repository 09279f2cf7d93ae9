import { VigieError } from '../../errors.js';
import type { Database } from '../../storage/database.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { lastListChange } from '../../storage/list-change-log.js';
import { getList, getListById, lockList, type StoredList } from '../../storage/list-store.js';
import { currentManifests } from '../../storage/list-version-store.js';
import type { StoredMember } from '../../storage/publishing/member-store.js';
import {
  findPublication,
  listPublications,
  type PublicationTerms,
  putPublication,
  removePublication,
  type StoredPublication,
} from '../../storage/publishing/publication-store.js';

/** A published list. */
export interface PublishedList {
  readonly list: StoredList;
  readonly publication: StoredPublication;
}

/** A published list as one member gets it. */
export interface MemberList extends PublishedList {
  readonly member: StoredMember;
  /** Of the entries that it gets; null for all. */
  readonly grades: readonly string[] | null;
}

/** Which lists are published, and who gets what of them. Nothing is until somebody says so. */
export class Publications {
  readonly #database: Database;
  readonly #record: RecordEvent | undefined;

  constructor(database: Database, record?: RecordEvent) {
    this.#database = database;
    this.#record = record;
  }

  /**
   * Publishes a list, or changes the terms of one that is.
   * @param by id of the principal
   * @throws VigieError `list-not-found`, `list-content-other` for one of URLs or keywords
   */
  async on(name: string, terms: PublicationTerms, by: string): Promise<PublishedList> {
    const list = await getList(this.#database.db, name);
    // What the feed carries is signals of media; members of other lists would wait for good.
    if (list.content !== 'media') throw new VigieError('list-content-other', { detail: list.content });
    const publication = await this.#database.transaction(async (tx) => {
      // No version of it can be published between what is read here and the commit.
      await lockList(tx, list.id);
      const appliedSeq = await lastListChange(tx);
      const [manifest] = await currentManifests(tx, list.id);
      const segments = (manifest?.segments ?? []).map(({ id }) => id);
      const { reason, grades, jurisdictions, doubts } = terms;
      await this.#record?.(tx, {
        ...{ kind: 'publication.switched-on', actor: by, subject: `list:${list.id}`, refs: { list: list.id, doubts } },
        payload: {
          ...{ terms: terms.terms, reason },
          grades: grades && [...grades],
          jurisdictions: jurisdictions && [...jurisdictions],
        },
      });
      return await putPublication(tx, list.id, terms, by, { appliedSeq, segments });
    });
    return { list, publication };
  }

  /** From now on nobody gets it. @throws VigieError `list-not-found`, `publication-not-found` */
  async off(name: string, reason: string, by: string): Promise<void> {
    const { id } = await getList(this.#database.db, name);
    await this.#database.transaction(async (tx) => {
      if (!(await removePublication(tx, id))) throw new VigieError('publication-not-found');
      const about = { kind: 'publication.switched-off', actor: by, subject: `list:${id}` } as const;
      await this.#record?.(tx, { ...about, refs: { list: id }, payload: { reason } });
    });
  }

  async ls(): Promise<readonly PublishedList[]> {
    const { db } = this.#database;
    const all: PublishedList[] = [];
    for (const publication of await listPublications(db)) {
      all.push({ list: await getListById(db, publication.listId), publication });
    }
    return all;
  }

  /** What a member gets. */
  async of(member: StoredMember): Promise<readonly MemberList[]> {
    return (await this.ls()).flatMap((published) => viewOf(published, member) ?? []);
  }

  /** One list as a member gets it. @throws VigieError `publication-not-found`, also for what others get */
  async one(name: string, member: StoredMember): Promise<MemberList> {
    const { db } = this.#database;
    const list = await getList(db, name).catch((error: unknown) => {
      throw error instanceof VigieError && error.code === 'list-not-found' ? notPublished() : error;
    });
    const publication = await findPublication(db, list.id);
    const view = publication && viewOf({ list, publication }, member);
    if (view === undefined) throw notPublished();
    return view;
  }
}

function notPublished(): VigieError {
  return new VigieError('publication-not-found');
}

function viewOf({ list, publication }: PublishedList, member: StoredMember): MemberList | undefined {
  if (member.lists !== null && !member.lists.includes(list.id)) return undefined;
  const { jurisdictions } = publication;
  if (jurisdictions !== null && !member.jurisdictions.some((each) => jurisdictions.includes(each))) return undefined;
  const both = publication.grades?.filter((grade) => member.grades?.includes(grade) ?? true);
  return { list, publication, member, grades: both ?? member.grades };
}

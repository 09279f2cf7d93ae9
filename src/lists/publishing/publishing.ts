import { Slots } from '../../runtime/slots.js';
import type { BlobStore } from '../../storage/blob-store.js';
import type { Database } from '../../storage/database.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { loadInstance } from '../../storage/instance-store.js';
import type { Keyring } from '../../storage/keyring.js';
import { getList } from '../../storage/list-store.js';
import type { StoredMember } from '../../storage/publishing/member-store.js';
import { latestOpinions, type MemberOpinion, opinionsOf } from '../../storage/publishing/opinion-store.js';
import type { Lists } from '../lists.js';
import { FeedReader } from './feed-reader.js';
import { signPage } from './feed-signature.js';
import { writePage } from './feed-text.js';
import { HashSharing, type SharedWindow } from './hash-sharing.js';
import { pageXml } from './hash-sharing-xml.js';
import { Members } from './members.js';
import { PublicationKeys } from './publication-keys.js';
import { Publications } from './publications.js';
import { Publisher } from './publisher.js';
import { type ReceivedOpinion, receiveOpinion } from './receive-opinion.js';

/** Pages that are made at once: each holds some megabytes. */
const PAGES_AT_ONCE = 4;

export interface PublishingOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly lists: Lists;
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly record?: RecordEvent | undefined;
  readonly failed: (error: unknown) => void;
}

/** What a member asks for. */
export interface PageRequest {
  readonly list: string;
  readonly after: string | undefined;
  /** Comes back in the page, so that an old answer cannot pass for a new one. */
  readonly nonce: string;
}

/** A page as it is sent, before it is packed. */
export interface SignedPage {
  readonly body: Buffer;
  readonly signature: string;
}

/** Gives lists to members: who they are, what is published, what has changed in it, and what they think of it. */
export class Publishing {
  readonly members: Members;
  readonly keys: PublicationKeys;
  readonly publications: Publications;
  readonly reader: FeedReader;
  readonly #sharing: HashSharing;
  readonly publisher: Publisher;
  readonly #options: PublishingOptions;
  readonly #slots = new Slots(PAGES_AT_ONCE);
  #id: string | undefined;

  constructor(options: PublishingOptions) {
    const { database, keyring, lists, record, blobs, failed } = options;
    this.#options = options;
    this.members = new Members(database, record);
    this.keys = new PublicationKeys(database, keyring, record);
    this.publications = new Publications(database, record);
    this.reader = new FeedReader(database, lists);
    this.#sharing = new HashSharing(database, lists);
    this.publisher = new Publisher({ database, blobs, failed });
  }

  /** Id of this installation, as members know it. */
  async id(): Promise<string> {
    this.#id ??= (await loadInstance(this.#options.database.db, {})).id;
    return this.#id;
  }

  /**
   * One page of a list for a member.
   * @throws VigieError `publication-not-found`, `feed-checkpoint-invalid`, `index-not-loaded`, `index-stale`
   */
  async page(member: StoredMember, { list, after, nonce }: PageRequest, signal: AbortSignal): Promise<SignedPage> {
    return await this.#slots.with(signal, async () => {
      const view = await this.publications.one(list, member);
      const page = await this.reader.page(view, after, signal);
      const head = { publisher: await this.id(), list, member: member.id, after: after ?? null, nonce };
      const body = writePage(head, page);
      await this.noteRead(member, view.list.id, 'feed', page.changes.length);
      return { body, signature: signPage(body, await this.keys.signing()) };
    });
  }

  /**
   * One page of a list in the XML of NCMEC's hash sharing.
   * @throws VigieError `publication-not-found`, `feed-checkpoint-invalid`, `index-not-loaded`, `index-stale`
   */
  async sharedPage(member: StoredMember, list: string, window: SharedWindow, signal: AbortSignal): Promise<string> {
    return await this.#slots.with(signal, async () => {
      const view = await this.publications.one(list, member);
      const { records, next } = await this.#sharing.page(view, window, signal);
      await this.noteRead(member, view.list.id, 'hash-sharing', records.length);
      return pageXml(list, records, next);
    });
  }

  /** @throws VigieError `publication-not-found`, `entry-not-found` */
  async receive(member: StoredMember, list: string, opinion: ReceivedOpinion): Promise<void> {
    await receiveOpinion(this.#options, await this.publications.one(list, member), opinion);
  }

  /** What members think of the entries of a list, newest first. @throws VigieError `list-not-found` */
  async opinions(list: string, limit: number): Promise<readonly MemberOpinion[]> {
    const { db } = this.#options.database;
    return await latestOpinions(db, (await getList(db, list)).id, limit);
  }

  /** What members think of an entry, oldest first. @throws VigieError `list-not-found` */
  async opinionsOf(list: string, entryId: string): Promise<readonly MemberOpinion[]> {
    const { db } = this.#options.database;
    return await opinionsOf(db, (await getList(db, list)).id, [entryId]);
  }

  /** Whoever is given entries is written down, before they leave. */
  async noteRead({ id: member }: StoredMember, list: string, by: string, changes: number): Promise<void> {
    const { record, database } = this.#options;
    if (record === undefined || changes === 0) return;
    await database.transaction(async (tx) => {
      const actor = `member-${member}`;
      await record(tx, {
        kind: 'publication.read',
        actor,
        subject: `list:${list}`,
        refs: { list, member, by, changes },
      });
    });
  }
}

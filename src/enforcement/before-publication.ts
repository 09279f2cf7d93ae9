import { VigieError } from '../errors.js';
import type { LookedAtNow, VerdictNow } from '../intake/look-now.js';
import type { Proposal } from '../policy/proposal.js';
import type { Database } from '../storage/database.js';
import type { Subject } from '../storage/enforcement/action-store.js';
import { readFacts } from '../storage/enforcement/facts.js';
import { findList } from '../storage/list-store.js';
import { judge } from './hold.js';
import type { SharedItem } from './platform.js';
import { type ProposedFor, type Proposing, proposalsOf } from './propose-for.js';

export interface BeforePublicationOptions {
  readonly database: Database;
  /** Looks at it at once. @throws the signal's reason; VigieError when no verdict can be given now */
  readonly look: (shared: LookedAtNow, signal: AbortSignal) => Promise<VerdictNow>;
  readonly propose: (told: ProposedFor) => Proposing;
  /** Our id of an account; undefined when it was never met. */
  readonly accountId: (platform: string, account: string) => Promise<string | undefined>;
  /** Makes an item of it, which is stored when this returns. */
  readonly hand: (platform: string, item: SharedItem) => Promise<unknown>;
  readonly gone: (platform: string, ids: readonly string[]) => Promise<unknown>;
  readonly now: () => number;
}

/** `refuse`: it must not be published, and is written down. `unsure`: it could not be told in time. */
export type Publication = 'allow' | 'refuse' | 'unsure';

/** How what is refused is written down. */
export interface RefusedItem {
  /** Another id than it has once it is published. */
  readonly id: string;
  /** Something of it is on the platform that the act still has to see to, such as its media. */
  readonly leaves: boolean;
}

/** Acts that a platform can do before something is there, by not letting it. */
const KEEPS_OUT: ReadonlySet<string> = new Set(['block', 'remove']);

/**
 * Judges what a platform asks about before it publishes it. To refuse is an act like others: by the policy, and not in a
 * dry run, in a stop, for who is exempt, or on an entry that is withdrawn or disputed.
 */
export class BeforePublication {
  readonly #options: BeforePublicationOptions;

  constructor(options: BeforePublicationOptions) {
    this.#options = options;
  }

  /**
   * @param deadline when it is aborted the answer is `unsure`
   * @throws VigieError of the database and `queue-full` when what is refused could not be written down: then nothing is said
   */
  async judge(platform: string, item: SharedItem, refused: RefusedItem, deadline: AbortSignal): Promise<Publication> {
    // A private room is none of ours.
    if (item.surface === 'private') return 'allow';
    let verdict: VerdictNow;
    try {
      verdict = await this.#options.look(asShared(platform, item), deadline);
    } catch (error) {
      // Whatever keeps it from being told: it was not.
      if (deadline.aborted || error instanceof VigieError) return 'unsure';
      throw error;
    }
    const { account } = item;
    const author = account === undefined ? undefined : await this.#options.accountId(platform, account);
    const proposals = await this.#proposed(platform, item, author, verdict);
    const wanted = proposals.filter(({ act, subject, needsPerson }) => {
      return KEEPS_OUT.has(act) && subject === 'item' && !needsPerson;
    });
    if (await this.#mayRefuse(platform, item, author, wanted)) {
      await this.#writeDown(platform, item, refused);
      return 'refuse';
    }
    return verdict.verdict === 'could-not-tell' ? 'unsure' : 'allow';
  }

  /** Has it looked at as an item, with all that follows from its verdict. @throws as `judge` */
  async handIn(platform: string, item: SharedItem): Promise<void> {
    await this.#options.hand(platform, item);
  }

  async #proposed(
    platform: string,
    { room, lane = 'live', surface }: SharedItem,
    author: string | undefined,
    { verdict, reason, media, words }: VerdictNow,
  ): Promise<readonly Proposal[]> {
    const { database, propose, now } = this.#options;
    const proposing = propose({
      ...{ verdict, reason, media, words, at: new Date(now()), surface },
      item: { platform, lane, room: room ?? null, accountId: author ?? null, jurisdiction: null },
    });
    return await proposalsOf(proposing, database.db);
  }

  /** Whether one of the acts may be done, by what is known at this moment of its list and entry, its author and room. */
  async #mayRefuse(
    platform: string,
    { room }: SharedItem,
    author: string | undefined,
    wanted: readonly Proposal[],
  ): Promise<boolean> {
    const { db } = this.#options.database;
    const subjects: readonly Subject[] = [
      { platform, kind: 'room', id: room ?? '' },
      ...(author === undefined ? [] : [{ platform, kind: 'account' as const, id: author }]),
    ];
    for (const { entry } of wanted) {
      const list = entry === null ? undefined : await findList(db, entry.list);
      if (entry !== null && list === undefined) continue;
      const about = { itemId: null, listId: list?.id ?? null, entryId: entry?.entry ?? null };
      const judged = await Promise.all(
        subjects.map(async (subject) => {
          const facts = await readFacts(db, { subject, ...about });
          return judge(facts, { orderedBy: 'policy', takesDown: false, when: 'write' });
        }),
      );
      if (judged.every((judgement) => judgement.say === 'go' && !judgement.dryRun)) return true;
    }
    return false;
  }

  /**
   * An item of its own, with the verdict and the case of any other: should the same come to be published all the same, by
   * who does not ask, that is another item, and is removed.
   */
  async #writeDown(platform: string, item: SharedItem, { id, leaves }: RefusedItem): Promise<void> {
    const { hand, gone } = this.#options;
    await hand(platform, { ...item, id });
    if (!leaves) await gone(platform, [id]);
  }
}

function asShared(platform: string, { id, surface, text, links = [], media = [] }: SharedItem): LookedAtNow {
  const files = media.map(({ fileId, name, caption, url, ref }) => ({
    ...{ url: url ?? null, fileId: fileId ?? null, name: name ?? null, caption: caption ?? null },
    ...(ref === undefined ? {} : { ref }),
  }));
  return { platform, surface, ref: id, content: { text: text ?? null, links, media: files } };
}

import { VigieError } from '../errors.js';
import type { LookedAtNow, VerdictNow } from '../intake/look-now.js';
import type { Proposal } from '../policy/proposal.js';
import type { Database } from '../storage/database.js';
import { readFacts } from '../storage/enforcement/facts.js';
import { findList } from '../storage/list-store.js';
import type { Db } from '../storage/schema.js';
import { judge } from './hold.js';
import type { SharedItem } from './platform.js';
import type { ProposedFor } from './propose-for.js';

export interface BeforePublicationOptions {
  readonly database: Database;
  /** Looks at it at once. @throws the signal's reason; VigieError when no verdict can be given now */
  readonly look: (shared: LookedAtNow, signal: AbortSignal) => Promise<VerdictNow>;
  readonly propose: (db: Db, told: ProposedFor) => Promise<readonly Proposal[]>;
  /** Our id of an account; undefined when it was never met. */
  readonly accountId: (platform: string, account: string) => Promise<string | undefined>;
  /** Makes an item of it, which is stored when this returns. */
  readonly hand: (platform: string, item: SharedItem) => Promise<{ readonly id: string }>;
  readonly gone: (platform: string, ids: readonly string[]) => Promise<unknown>;
  readonly now: () => number;
}

/** `refuse`: it must not be published, and is written down. `unsure`: it could not be told in time. */
export type Publication = 'allow' | 'refuse' | 'unsure';

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
   * @param leaves what is refused leaves something on the platform that the act still has to see to, such as its media
   * @throws VigieError of the database and `queue-full` when what is refused could not be written down: then nothing is said
   */
  async judge(platform: string, item: SharedItem, deadline: AbortSignal, leaves: boolean): Promise<Publication> {
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
    const proposals = await this.#proposed(platform, item, verdict);
    const wanted = proposals.filter(({ act, subject, needsPerson }) => {
      return KEEPS_OUT.has(act) && subject === 'item' && !needsPerson;
    });
    if (wanted.length > 0 && (await this.#refused(platform, item, wanted, leaves))) return 'refuse';
    return verdict.verdict === 'could-not-tell' ? 'unsure' : 'allow';
  }

  /** Has it looked at as an item, with all that follows from its verdict. @throws as `judge` */
  async handIn(platform: string, item: SharedItem): Promise<void> {
    await this.#options.hand(platform, item);
  }

  async #proposed(platform: string, item: SharedItem, verdict: VerdictNow): Promise<readonly Proposal[]> {
    const { database, propose, accountId, now } = this.#options;
    const { account, room = null, lane = 'live', surface } = item;
    const author = account === undefined ? undefined : await accountId(platform, account);
    return await propose(database.db, {
      ...{ verdict: verdict.verdict, reason: verdict.reason, media: verdict.media, words: verdict.words },
      ...{ at: new Date(now()), surface },
      item: { platform, lane, room, accountId: author ?? null, jurisdiction: null },
    });
  }

  /** Written down first: an item that was never there on its platform, with the verdict and the case of any other. */
  async #refused(platform: string, item: SharedItem, wanted: readonly Proposal[], leaves: boolean): Promise<boolean> {
    const { database, hand, gone } = this.#options;
    const { id } = await hand(platform, item);
    for (const { entry } of wanted) {
      const list = entry === null ? undefined : await findList(database.db, entry.list);
      if (entry !== null && list === undefined) continue;
      const facts = await readFacts(database.db, {
        subject: { platform, kind: 'item', id },
        ...{ itemId: id, listId: list?.id ?? null, entryId: entry?.entry ?? null },
      });
      const judgement = judge(facts, { orderedBy: 'policy', takesDown: false, when: 'write' });
      if (judgement.say !== 'go' || judgement.dryRun) continue;
      if (!leaves) await gone(platform, [item.id]);
      return true;
    }
    return false;
  }
}

function asShared(platform: string, { id, surface, text, links = [], media = [] }: SharedItem): LookedAtNow {
  const files = media.map(({ fileId, name, caption, url, ref }) => ({
    ...{ url: url ?? null, fileId: fileId ?? null, name: name ?? null, caption: caption ?? null },
    ...(ref === undefined ? {} : { ref }),
  }));
  return { platform, surface, ref: id, content: { text: text ?? null, links, media: files } };
}

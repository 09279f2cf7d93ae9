import { statfs } from 'node:fs/promises';
import type { AttentionKind } from './storage/attention/attention-kinds.js';
import { raiseAttention, settleAttention } from './storage/attention/raise-attention.js';
import type { Database } from './storage/database.js';

/** Something that either holds or needs somebody. */
export interface Watched {
  readonly kind: AttentionKind;
  /** What sets two things of one kind apart. */
  readonly cause: string;
  /** What is the matter in ids, codes and counts; undefined when all is well. */
  readonly trouble: Readonly<Record<string, string | number>> | undefined;
}

/**
 * Looks at what the service knows of its own state and puts what is amiss before people; what is well again is settled.
 * Only changes are written, so that a state that lasts is one occurrence and not a thousand.
 */
export class Watch {
  readonly #database: Database;
  readonly #look: () => Promise<readonly Watched[]>;
  readonly #subject: string;
  readonly #raised = new Map<string, Watched>();
  #first = true;

  /** @param subject whose state it is, such as `node:…` */
  constructor(database: Database, subject: string, look: () => Promise<readonly Watched[]>) {
    this.#database = database;
    this.#subject = subject;
    this.#look = look;
  }

  /** Looks once. Call it every few seconds; when the database is away it throws and nothing is forgotten. */
  async tick(): Promise<void> {
    const now = await this.#look();
    const seen = new Set<string>();
    for (const each of now) {
      const key = keyOf(each);
      seen.add(key);
      const known = this.#raised.has(key);
      if (each.trouble !== undefined && !known) await this.#raise(key, each);
      // What a process before this one raised is settled by the first look.
      if (each.trouble === undefined && (known || this.#first)) await this.#settle(key, each);
    }
    // What is not watched any more, such as a list that was removed, is not amiss any more.
    for (const [key, gone] of this.#raised) if (!seen.has(key)) await this.#settle(key, gone);
    this.#first = false;
  }

  async #raise(key: string, { kind, cause, trouble = {} }: Watched): Promise<void> {
    const draft = { kind, cause: this.#causeOf(cause), subject: this.#subject, detail: trouble };
    await this.#database.transaction((tx) => raiseAttention(tx, draft));
    this.#raised.set(key, { kind, cause, trouble });
  }

  async #settle(key: string, { kind, cause }: Watched): Promise<void> {
    await this.#database.transaction((tx) => settleAttention(tx, { kind, cause: this.#causeOf(cause) }, 'service'));
    this.#raised.delete(key);
  }

  #causeOf(cause: string): string {
    return `${this.#subject} ${cause}`;
  }
}

function keyOf({ kind, cause }: Watched): string {
  return `${kind} ${cause}`;
}

/** The share of a file system that is free to us, from 0 to 1, and its bytes. */
export async function freeSpace(path: string): Promise<{ readonly share: number; readonly bytes: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { share: blocks === 0 ? 0 : bavail / blocks, bytes: bavail * bsize };
}

import type { Database } from '../database.js';
import type { Tx } from '../schema.js';

/** Tells people what happens outside of any transaction: in the order in which it did, one transaction each. */
export class TellInTurn {
  readonly #database: Database;
  readonly #failed: (error: unknown) => void;
  #telling: Promise<void> = Promise.resolve();

  constructor(database: Database, failed: (error: unknown) => void) {
    this.#database = database;
    this.#failed = failed;
  }

  tell(act: (tx: Tx) => Promise<unknown>): void {
    this.#telling = this.#telling.then(async () => void (await this.#database.transaction(act))).catch(this.#failed);
  }

  /** Waits until all of it is told. */
  async close(): Promise<void> {
    await this.#telling;
  }
}

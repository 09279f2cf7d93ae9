import { sql } from 'kysely';
import { advisoryLock } from '../advisory-lock.js';
import type { Database } from '../database.js';
import { dayOf } from './store-verdicts.js';

const DAY_MS = 86_400_000;
const NAME = /^verdict_(\d{4})(\d{2})(\d{2})$/;

/** The days of the table `verdict`, each a partition of its own, so that old ones go by dropping a table. */
export class VerdictPartitions {
  readonly #database: Database;
  readonly #known = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes sure that verdicts of these days (UTC, YYYY-MM-DD) can be stored. */
  async ensure(days: Iterable<string>): Promise<void> {
    for (const day of days) {
      if (this.#known.has(day)) continue;
      await this.#make(day);
      this.#known.add(day);
    }
  }

  /** Another process may have dropped some. */
  forget(): void {
    this.#known.clear();
  }

  /** Makes the partitions of a moment's day and the one after, so that nothing is made in a hurry at midnight. */
  async prepare(now: Date): Promise<void> {
    await this.ensure([dayOf(now), dayOf(new Date(now.getTime() + DAY_MS))]);
  }

  /**
   * Drops the days that are older than `keepDays` by this clock and by the database's: one clock that has jumped ahead
   * must not cost a verdict.
   * @returns the days that went, oldest first
   */
  async dropOld(keepDays: number, now: Date): Promise<readonly string[]> {
    const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(this.#database.db);
    const earlier = Math.min(now.getTime(), rows[0]?.now.getTime() ?? 0);
    const oldest = dayOf(new Date(earlier - keepDays * DAY_MS));
    const old = (await this.days()).filter((day) => day < oldest);
    for (const day of old) {
      await this.#database.transaction(async (tx) => {
        await advisoryLock(tx, 'verdict-partitions');
        await sql`DROP TABLE IF EXISTS ${sql.id(nameOf(day))}`.execute(tx);
      });
      this.#known.delete(day);
    }
    return old;
  }

  /** The days that there are partitions of, oldest first. */
  async days(): Promise<readonly string[]> {
    const { rows } = await sql<{ name: string }>`
      SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'verdict'::regclass`.execute(this.#database.db);
    const days = rows.map(({ name }) => NAME.exec(name)?.slice(1).join('-'));
    return days.filter((day) => day !== undefined).sort();
  }

  async #make(day: string): Promise<void> {
    const name = nameOf(day);
    const next = dayOf(new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS));
    await this.#database.transaction(async (tx) => {
      await advisoryLock(tx, 'verdict-partitions');
      // Looked up first, as making a partition waits for everybody who writes verdicts.
      const { rows } = await sql<{ there: boolean }>`SELECT to_regclass(${name}) IS NOT NULL AS there`.execute(tx);
      if (rows[0]?.there === true) return;
      await sql`CREATE TABLE ${sql.id(name)} PARTITION OF verdict
        FOR VALUES FROM (${sql.lit(day)}) TO (${sql.lit(next)})`.execute(tx);
    });
  }
}

function nameOf(day: string): string {
  return `verdict_${day.replaceAll('-', '')}`;
}

/**
 * The one place where the two drivers are made to agree. PGlite already gives: bigint as number when it is safe and
 * as bigint otherwise, bytea as Uint8Array, timestamptz as Date, jsonb parsed. `pg` is brought to the same.
 */
import { type RawBuilder, sql } from 'kysely';
import pg from 'pg';

const INT8 = 20;
const BYTEA = 17;

/** A bigint column: a number where that is exact, a bigint beyond 2^53. */
export function integerOf(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

const parseBytea = pg.types.getTypeParser(BYTEA) as (text: string) => Buffer;

/** Type parsers for `pg`. */
export const POSTGRES_TYPES: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && oid === INT8) return integerOf;
    if (format !== 'binary' && oid === BYTEA) return (text: string) => Uint8Array.from(parseBytea(text));
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

/** A value for a jsonb column. The drivers disagree on arrays and strings, so the text is made here. */
export function jsonb<T>(value: T): RawBuilder<T> {
  return sql<T>`${JSON.stringify(value)}::jsonb`;
}

/** A moment by the clock of the database. @param ms milliseconds from now; below 0 for what has passed */
export function fromNow(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms}::float8 * interval '1 millisecond'`;
}

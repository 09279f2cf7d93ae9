/** Rows of every table with values at the edges of their types, for tests that must lose nothing of any. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { describeTables, exactText, quoted, type Table } from '../src/storage/backup/describe-tables.js';
import type { Database } from '../src/storage/database.js';
import type { Tx } from '../src/storage/schema.js';

type Value = string | Uint8Array | null;

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((each) => !each.includes('\0'));
const seconds = fc.integer({ min: -62_000_000_000, max: 253_000_000_000 });
const stamp = fc
  .tuple(seconds, fc.integer({ min: 0, max: 999_999 }))
  .map(
    ([at, micro]) =>
      `${new Date(at * 1_000).toISOString().replace(/^\+/, '').slice(0, 19)}.${String(micro).padStart(6, '0')}+00`,
  )
  .filter((each) => /^\d{4}-/.test(each) && !each.startsWith('0000'));
const json = fc.json({ stringUnit: 'grapheme' }).filter((each) => !each.includes('\\u0000'));

/** By type, as PostgreSQL names it. */
const BY_TYPE: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  text,
  boolean: fc.constantFrom('true', 'false'),
  smallint: fc.integer({ min: 0, max: 32_767 }).map(String),
  integer: fc.integer({ min: 1, max: 2_147_483_647 }).map(String),
  bigint: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String),
  'double precision': fc.double({ noNaN: false }).map((each) => (Object.is(each, -0) ? '-0' : String(each))),
  bytea: fc.uint8Array({ maxLength: 60 }),
  jsonb: json,
  'timestamp with time zone': fc.oneof(
    { weight: 9, arbitrary: stamp },
    { weight: 1, arbitrary: fc.constant('infinity') },
  ),
  date: fc.constantFrom('2026-11-23', '2026-11-24', '2026-11-25'),
};

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const oneOf = (...words: string[]): fc.Arbitrary<Value> => fc.constantFrom(...words);
const xid = (low: number, high: number): fc.Arbitrary<Value> => fc.integer({ min: low, max: high }).map(String);

/** Where a rule of the table asks for more than the type. */
const BY_COLUMN: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  'instance.singleton': oneOf('true'),
  'list.name': fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
  'list.role': oneOf('block', 'allow'),
  'list.approval': oneOf('none', 'two-person'),
  'list.content': oneOf('media', 'urls', 'keywords'),
  'list.sample_ratio': fc.double({ min: 0, max: 1, noNaN: true }).map(String),
  'segment.id': fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  'list_version.state': oneOf('kept', 'retired'),
  'entry_status.status': oneOf('withdrawn', 'disputed', 'inactive', 'active'),
  'entry_status.origin': oneOf('person', 'source', 'quarantine', 'rule'),
  'list_change.kind': oneOf('version', 'entry', 'removed'),
  'import_run.state': oneOf('done', 'failed', 'abandoned'),
  'import_run.staged': fc.constant('[]'),
  'event.xid': xid(1, 150),
  'event.commitment': hash,
  'event_batch.root': hash,
  'event_batch.previous': hash,
  'event_batch.hash': hash,
  'event_batch.from_xid': xid(1, 99),
  // Events of 1 to 99 are sealed, those of 100 to 150 are not.
  'event_batch.until_xid': xid(100, 100),
  'event_verification.part': oneOf('newest', 'whole'),
  'event_verification.hash': hash,
  'event_verification.verified_found': oneOf('{}', '{"event-altered":2,"chain-broken":1}'),
  'event_verification.verified_hash': hash,
  'outbox.state': oneOf('pending', 'exhausted'),
  'outbox.finished_at': fc.constant(null),
  'subject_key.erased_at': fc.constant(null),
  'attention.state': oneOf('open', 'acknowledged'),
  'attention.resolved_at': fc.constant(null),
  'node.role': oneOf('serve', 'worker'),
  'item.surface': oneOf('public', 'private'),
  'item.lane': oneOf('live', 'backfill'),
  'item.state': oneOf('waiting', 'told', 'set-aside'),
  'item_medium.ordinal': xid(0, 30_000),
  'verdict.verdict': oneOf('match', 'no-match', 'could-not-tell'),
  'retro_run.cause': oneOf('baseline', 'published', 'asked'),
  'retro_run.state': oneOf('running', 'done', 'stopped'),
  'retro_find.outcome': oneOf('told', 'shadow', 'held'),
  'proposal.act': oneOf('add', 'restore', 'derive', 'lift-approval'),
  'proposal.state': oneOf('proposed'),
  'proposal.decided_at': fc.constant(null),
  'judgement.opinion': oneOf('confirmed', 'refuted'),
  'source_opinion.opinion': oneOf('confirmed', 'refuted'),
  'source.name': fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
  'source.state': oneOf('new', 'up-to-date', 'behind', 'refused', 'failing', 'held'),
  'source.hold_percent': xid(0, 100),
  'work.lane': oneOf('live', 'backfill'),
  'platform.state': oneOf('new', 'connected', 'failing', 'refused'),
  'policy_version.state': oneOf('draft', 'retired'),
  'moderation_case.subject_kind': oneOf('item', 'account', 'room'),
  'moderation_case.state': oneOf('open'),
  'moderation_case.decision': fc.constant(null),
  'moderation_case.decided_at': fc.constant(null),
  'moderation_case.score': oneOf('0', '0.25', '1'),
  'action.subject_kind': oneOf('item', 'account', 'room'),
  'action.state': oneOf('proposed', 'ordered', 'confirmed', 'dropped', 'failed', 'given-up', 'refused'),
  'exemption.subject_kind': oneOf('account', 'room'),
  'evidence.state': oneOf('wanted', 'sealed', 'not-had', 'destroyed'),
};

/** Fills all tables, those of the verdicts in partitions of three days. @returns how many rows */
export async function fillRandomly(database: Database, seed: number, rows: number): Promise<number> {
  let filled = 0;
  await database.transaction(async (tx) => {
    await exactText(tx);
    for (const day of [23, 24, 25]) {
      await sql
        .raw(
          `CREATE TABLE verdict_202611${day} PARTITION OF verdict FOR VALUES FROM ('2026-11-${day}') TO ('2026-11-${day + 1}')`,
        )
        .execute(tx);
    }
    for (const table of await describeTables(tx)) filled += await fillTable(tx, table, seed, rows);
  });
  return filled;
}

async function fillTable(tx: Tx, table: Table, seed: number, rows: number): Promise<number> {
  const { name, columns } = table;
  const optional = await nullable(tx, name);
  const parents = await references(tx, name);
  const row = fc.tuple(
    ...columns.map((column) => {
      const own = BY_COLUMN[`${name}.${column.name}`];
      const value = own ?? BY_TYPE[column.type];
      if (value === undefined) throw new Error(`no values for ${name}.${column.name} of ${column.type}`);
      return own === undefined && optional.has(column.name) && column.name !== 'sealed' ? fc.option(value) : value;
    }),
    fc.nat(),
  );
  let filled = 0;
  for (const values of fc.sample(row, { seed: seed + name.length, numRuns: rows })) {
    const pick = values.at(-1) as number;
    const chosen = new Map<string, Value>();
    for (const { columns: from, rows: known } of parents) {
      const parent = known[pick % Math.max(1, known.length)];
      for (const [i, column] of from.entries()) chosen.set(column, parent?.[i] ?? null);
    }
    const used = columns.map((column, i) => ({
      ...column,
      value: chosen.has(column.name) ? chosen.get(column.name) : (values[i] as Value),
    }));
    const names = sql.raw(used.map((column) => quoted(column.name)).join(', '));
    const given = sql.join(
      used.map(({ value, type }) =>
        value instanceof Uint8Array ? sql`${value}` : sql`${value}::text::${sql.raw(type)}`,
      ),
    );
    // Two rows that are drawn alike are one.
    const { numAffectedRows } =
      await sql`INSERT INTO ${sql.raw(quoted(name))} (${names}) OVERRIDING SYSTEM VALUE VALUES (${given})
      ON CONFLICT DO NOTHING`.execute(tx);
    filled += Number(numAffectedRows ?? 0);
  }
  return filled;
}

async function nullable(tx: Tx, table: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT attname::text AS name FROM pg_attribute WHERE attrelid = ${table}::regclass AND attnum > 0 AND NOT attnotnull`.execute(
    tx,
  );
  return new Set(rows.map(({ name }) => name));
}

/** What the foreign keys of a table may point to. */
async function references(tx: Tx, table: string): Promise<{ columns: string[]; rows: string[][] }[]> {
  const { rows } = await sql<{ columns: string[]; parent: string; theirs: string[] }>`
    SELECT confrelid::regclass::text AS parent,
      (SELECT json_agg(attname ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS k(n, place)
        JOIN pg_attribute ON attrelid = conrelid AND attnum = k.n) AS columns,
      (SELECT json_agg(attname ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS k(n, place)
        JOIN pg_attribute ON attrelid = confrelid AND attnum = k.n) AS theirs
    FROM pg_constraint WHERE contype = 'f' AND conrelid = ${table}::regclass ORDER BY array_length(conkey, 1)`.execute(
    tx,
  );
  return await Promise.all(
    rows.map(async ({ columns, parent, theirs }) => {
      const known = await sql<{ key: string[] }>`
        SELECT json_build_array(${sql.raw(theirs.map((each) => `${quoted(each)}::text`).join(', '))}) AS key FROM ${sql.raw(parent)}`.execute(
        tx,
      );
      return { columns, rows: known.rows.map(({ key }) => key) };
    }),
  );
}

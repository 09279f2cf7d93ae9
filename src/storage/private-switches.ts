import { sql } from 'kysely';
import { randomId } from './random-id.js';
import type { Db, Tx } from './schema.js';

/** What allows to look at items of private surfaces in one jurisdiction, until its end. */
export interface PrivateSwitch {
  readonly id: string;
  readonly jurisdiction: string;
  readonly legalBasis: string;
  readonly until: Date;
  readonly switchedOnBy: string;
  readonly switchedOnAt: Date;
  readonly switchedOffBy: string | null;
  readonly switchedOffAt: Date | null;
}

const COLUMNS = sql`id, jurisdiction, legal_basis AS "legalBasis", until, switched_on_by AS "switchedOnBy",
  switched_on_at AS "switchedOnAt", switched_off_by AS "switchedOffBy", switched_off_at AS "switchedOffAt"`;

/** Switches a jurisdiction on; a switch that is on there already is replaced. */
export async function switchOn(
  tx: Tx,
  {
    jurisdiction,
    legalBasis,
    until,
    by,
  }: Pick<PrivateSwitch, 'jurisdiction' | 'legalBasis' | 'until'> & { by: string },
): Promise<PrivateSwitch> {
  await switchOff(tx, jurisdiction, by);
  const { rows } = await sql<PrivateSwitch>`
    INSERT INTO private_switch (id, jurisdiction, legal_basis, until, switched_on_by)
    VALUES (${randomId()}, ${jurisdiction}, ${legalBasis}, ${until}, ${by}) RETURNING ${COLUMNS}`.execute(tx);
  return rows[0] as PrivateSwitch;
}

/** @returns the switch that was on; undefined when none was */
export async function switchOff(tx: Tx, jurisdiction: string, by: string): Promise<PrivateSwitch | undefined> {
  const { rows } = await sql<PrivateSwitch>`
    UPDATE private_switch SET switched_off_at = now(), switched_off_by = ${by}
    WHERE jurisdiction = ${jurisdiction} AND switched_off_at IS NULL RETURNING ${COLUMNS}`.execute(tx);
  return rows[0];
}

/** All switches, newest first, those that are off or over too. */
export async function listSwitches(db: Db): Promise<readonly PrivateSwitch[]> {
  const { rows } = await sql<PrivateSwitch>`
    SELECT ${COLUMNS} FROM private_switch ORDER BY switched_on_at DESC, id`.execute(db);
  return rows;
}

/** The switch that is on for a jurisdiction; it may be over. */
export async function findSwitch(db: Db, jurisdiction: string): Promise<PrivateSwitch | undefined> {
  const { rows } = await sql<PrivateSwitch>`
    SELECT ${COLUMNS} FROM private_switch
    WHERE jurisdiction = ${jurisdiction} AND switched_off_at IS NULL`.execute(db);
  return rows[0];
}

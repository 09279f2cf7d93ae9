import { sql } from 'kysely';
import { keepAttention, raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { StoredPlatform } from '../storage/platform-store.js';
import type { Tx } from '../storage/schema.js';

/** A connection that could not be made so often in a row is one that somebody has to see to. */
const FAILURES = 4;

/** What keeps a connection from being made, as far as it needs somebody. */
const STATES = ['platform-refused', 'platform-away'] as const;

export interface Trouble {
  /** In kebab-case, such as `rights-missing`. */
  readonly code: string;
  readonly room?: string;
}

/** Puts the state of a connection before people, once, and takes it back when it is well again. */
export async function tellPlatform(tx: Tx, { id, name, state, failures, lastError }: StoredPlatform): Promise<void> {
  const is = {
    'platform-refused': state === 'refused',
    'platform-away': state === 'failing' && failures >= FAILURES,
  };
  const detail = { platform: name, error: lastError };
  for (const kind of STATES) {
    await keepAttention(tx, is[kind], { kind, cause: id, subject: `platform:${id}`, detail });
  }
}

/** Says that something of a platform needs its operator. One attention a cause. */
export async function tellTrouble(
  tx: Tx,
  { id, name }: Pick<StoredPlatform, 'id' | 'name'>,
  trouble: Trouble,
): Promise<void> {
  const detail = { platform: name, ...trouble };
  await raiseAttention(tx, {
    kind: 'platform-trouble',
    cause: causeOf(id, trouble),
    subject: `platform:${id}`,
    detail,
  });
}

export async function settleTrouble(tx: Tx, id: string, trouble: Trouble): Promise<void> {
  await settleAttention(tx, { kind: 'platform-trouble', cause: causeOf(id, trouble) }, 'service');
}

/** Nothing of a platform needs anybody any more. */
export async function forgetPlatform(tx: Tx, id: string): Promise<void> {
  for (const kind of STATES) await settleAttention(tx, { kind, cause: id }, 'service');
  await tx
    .updateTable('attention')
    .set({ state: 'resolved', resolved_at: sql<Date>`now()`, changed_by: 'service' })
    .where('kind', '=', 'platform-trouble')
    .where('subject', '=', `platform:${id}`)
    .where('state', '<>', 'resolved')
    .execute();
}

function causeOf(id: string, { code, room }: Trouble): string {
  return room === undefined ? `${id}/${code}` : `${id}/${code}/${room}`;
}

import { randomBytes } from 'node:crypto';
import { actingPrincipal } from '../../runtime/acting.js';
import { jsonb } from '../column-values.js';
import type { Keyring } from '../keyring.js';
import { randomId } from '../random-id.js';
import type { Db, Tx } from '../schema.js';
import { canonical } from './canonical.js';
import { commit, NO_PAYLOAD, SALT_BYTES } from './commitment.js';
import { EVENT_KINDS, type EventDraft, type EventKind, type RecordEvent, type RefValue } from './event-kinds.js';
import { SubjectKeys } from './subject-keys.js';

/** An event as it is read again. */
export interface RecordedEvent {
  readonly id: string;
  readonly kind: string;
  readonly version: number;
  readonly at: Date;
  readonly actor: string;
  readonly subject: string;
  readonly refs: Readonly<Record<string, RefValue>>;
  /** Transaction number: with the id it gives the order in which events are sealed. */
  readonly xid: number;
}

export interface EventFilter {
  readonly kind?: string | undefined;
  readonly subject?: string | undefined;
  readonly limit: number;
  /** Only events before this one, in the order of sealing. */
  readonly before?: { readonly xid: number; readonly id: string } | undefined;
}

/** The record of what happened: append-only, written in the transaction of the act itself. */
export class Events {
  readonly subjectKeys: SubjectKeys;

  constructor(keyring: Keyring) {
    this.subjectKeys = new SubjectKeys(keyring);
  }

  /**
   * Writes an event down as a part of the transaction.
   * @returns its id
   * @throws ZodError when the payload is not of the kind's shape: a mistake in the calling code; VigieError `subject-erased`
   */
  readonly record: RecordEvent = async <K extends EventKind>(tx: Tx, draft: EventDraft<K>): Promise<string> => {
    const { version, payload: schema } = EVENT_KINDS[draft.kind];
    const id = randomId();
    const { subject } = draft;
    const content = draft.payload === undefined ? undefined : Buffer.from(canonical(schema?.parse(draft.payload)));
    const salt = randomBytes(SALT_BYTES);
    await tx
      .insertInto('event')
      .values({
        id,
        kind: draft.kind,
        version,
        at: new Date(),
        actor: draft.actor ?? actingPrincipal(),
        subject,
        refs: jsonb<unknown>(draft.refs ?? {}),
        commitment: content === undefined ? NO_PAYLOAD : commit(salt, content),
      })
      .execute();
    if (content !== undefined) {
      const sealed = await this.subjectKeys.seal(tx, subject, Buffer.concat([salt, content]), id);
      await tx.insertInto('event_payload').values({ event_id: id, subject, sealed }).execute();
    }
    return id;
  };

  /**
   * Erases a subject: its key and its payloads go, its events stay, and that it was done is an event.
   * @returns how many payloads went; undefined when there was nothing to erase
   */
  async erase(tx: Tx, subject: string, actor?: string): Promise<number | undefined> {
    const payloads = await this.subjectKeys.erase(tx, subject);
    if (payloads === undefined) return undefined;
    await this.record(tx, {
      kind: 'subject.erased',
      subject,
      refs: { payloads },
      ...(actor === undefined ? {} : { actor }),
    });
    return payloads;
  }

  /** The latest events, newest first. */
  async latest(db: Db, { kind, subject, limit, before }: EventFilter): Promise<RecordedEvent[]> {
    const rows = await db
      .selectFrom('event')
      .selectAll()
      .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? ''))
      .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
      .$if(before !== undefined, (query) =>
        query.where((eb) => eb(eb.refTuple('xid', 'id'), '<', eb.tuple(before?.xid ?? 0, before?.id ?? ''))),
      )
      .orderBy('xid', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(({ refs, commitment: _, ...row }) => ({ ...row, refs: refs as Record<string, RefValue> }));
  }
}

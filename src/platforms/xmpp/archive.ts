import { randomUUID } from 'node:crypto';
import { type Element, xml } from '@xmpp/client';
import { VigieError } from '../../errors.js';
import { NS } from './namespaces.js';
import { dateOf } from './room-event.js';
import type { Session } from './session.js';

const PAGE = 50;

/** A message as it lies in an archive. */
export interface Archived {
  readonly id: string;
  readonly at: Date | undefined;
  readonly message: Element;
}

export interface ArchivePage {
  readonly messages: readonly Archived[];
  /** Where to go on, forwards or backwards; undefined when there is no more. */
  readonly next: string | undefined;
}

/** What is asked for: after an id, since a time, or the newest before an id (empty: before the end). */
export interface ArchiveQuery {
  readonly after?: string | undefined;
  readonly start?: Date | undefined;
  readonly before?: string | undefined;
}

/** Reads archives of rooms (XEP-0313) over one session, which gives it every message that it gets. */
export class Archives {
  readonly #session: () => Session;
  readonly #waiting = new Map<string, { readonly room: string; readonly messages: Archived[] }>();

  constructor(session: () => Session) {
    this.#session = session;
  }

  /** Takes what belongs to a question that was asked. @returns false when it is none of them */
  take(stanza: Element): boolean {
    const result = stanza.getChild('result', NS.archive);
    if (stanza.name !== 'message' || result === undefined) return false;
    const waiting = this.#waiting.get(result.attrs['queryid'] ?? '');
    const forwarded = result.getChild('forwarded', NS.forward);
    const message = forwarded?.getChild('message');
    const { id } = result.attrs;
    // The id of the question is a secret between the room and us; its name counts nonetheless.
    if (waiting === undefined || message === undefined || id === undefined || stanza.attrs['from'] !== waiting.room)
      return true;
    const at = dateOf(forwarded?.getChild('delay', NS.delay)?.attrs['stamp']);
    if (waiting.messages.length < PAGE * 2) waiting.messages.push({ id, at, message });
    return true;
  }

  /** One page of the archive of a room. @throws VigieError as `Session.ask`; `act-too-late` when an id is not there */
  async page(room: string, { after, start, before }: ArchiveQuery, signal: AbortSignal): Promise<ArchivePage> {
    const queryid = randomUUID();
    const messages: Archived[] = [];
    this.#waiting.set(queryid, { room, messages });
    try {
      const query = xml(
        'query',
        { xmlns: NS.archive, queryid },
        start === undefined ? undefined : since(start),
        xml(
          'set',
          { xmlns: NS.set },
          xml('max', {}, String(PAGE)),
          after === undefined ? undefined : xml('after', {}, after),
          before === undefined ? undefined : xml('before', {}, before),
        ),
      );
      const answer = await this.#session().ask('set', room, query, signal);
      const fin = answer.getChild('fin', NS.archive);
      const set = fin?.getChild('set', NS.set);
      const next = set?.getChildText(before === undefined ? 'last' : 'first') ?? undefined;
      const over = fin?.attrs['complete'] === 'true' || messages.length === 0;
      return { messages, next: over ? undefined : next };
    } finally {
      this.#waiting.delete(queryid);
    }
  }

  /** The newest messages, oldest first. @throws VigieError as `page` */
  async recent(room: string, pages: number, signal: AbortSignal): Promise<readonly Archived[]> {
    const found: Archived[] = [];
    let before: string | undefined = '';
    for (let i = 0; i < pages && before !== undefined; i++) {
      const page: ArchivePage = await this.page(room, { before }, signal);
      found.unshift(...page.messages);
      before = page.next;
    }
    return found;
  }

  /**
   * Everything after a message, page by page; everything since its time when the archive no longer has it.
   * @param from an id, or empty, and a time in ISO 8601
   * @throws VigieError as `page`
   */
  async *since(
    room: string,
    from: { readonly id: string; readonly at: string },
    signal: AbortSignal,
  ): AsyncGenerator<ArchivePage> {
    let query: ArchiveQuery = from.id === '' ? { start: new Date(from.at) } : { after: from.id };
    for (;;) {
      let page: ArchivePage;
      try {
        page = await this.page(room, query, signal);
      } catch (error) {
        const lost = error instanceof VigieError && error.code === 'act-too-late' && query.after !== undefined;
        if (!lost || query.after !== from.id) throw error;
        query = { start: new Date(from.at) };
        continue;
      }
      yield page;
      if (page.next === undefined) return;
      query = { after: page.next };
    }
  }
}

function since(start: Date): Element {
  const field = (name: string, value: string, type?: string) =>
    xml('field', { var: name, ...(type === undefined ? {} : { type }) }, xml('value', {}, value));
  return xml(
    'x',
    { xmlns: NS.form, type: 'submit' },
    field('FORM_TYPE', NS.archive, 'hidden'),
    field('start', start.toISOString()),
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { path } from './matrix-api.js';
import { MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import { readEvent } from './read-event.js';
import { answeredBy, isRedacted, type RoomEvent, replacedBy } from './room-event.js';
import type { RoomReader } from './room-reader.js';

/** Between two looks at what users have reported to their homeserver, milliseconds. */
const LOOK_MS = 60_000;
const PAGE = 100;
const MOST_PAGES = 20;
/** Reports of one person in a minute that are passed on. */
const MOST_REPORTS = 20;
const MOST_REPORTERS = 10_000;
const COMMAND = /(?:^|\n)\s*!report\b[ \t]*(.*)/s;

const reportsShape = z.object({
  event_reports: z.array(
    z.object({
      id: z.number().int(),
      room_id: z.string(),
      event_id: z.string(),
      user_id: z.string(),
      reason: z.string().nullish(),
    }),
  ),
});

type Reported = z.output<typeof reportsShape>['event_reports'][number];

/** What people report: by an answer that begins with `!report`, or to their homeserver. */
export class Reports {
  readonly #parts: MatrixParts;
  readonly #reader: RoomReader;
  #counts = new Map<string, number>();
  #minute = 0;

  constructor(parts: MatrixParts, reader: RoomReader) {
    this.#parts = parts;
    this.#reader = reader;
  }

  /** Takes `!report` as an answer to a message, which may be older than the bot. */
  async take(room: string, event: RoomEvent): Promise<void> {
    const about = answeredBy(event);
    const { body } = event.content;
    const said = about === undefined || typeof body !== 'string' ? null : COMMAND.exec(body);
    if (about === undefined || said === null || replacedBy(event) !== undefined) return;
    if (await this.#passOn(room, about, event.sender, said[1]?.trim() ?? '')) await this.#thank(room, event);
  }

  /** Asks Synapse for reports of its users, until it is aborted. */
  async run(): Promise<void> {
    const { settings, signal, house } = this.#parts;
    if (settings.admin !== 'synapse') return;
    for (;;) {
      await this.#look().catch((error: unknown) => {
        signal.throwIfAborted();
        house.logger.warn({ code: VigieError.from(error).code }, 'reports of the homeserver could not be read');
      });
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  async #look(): Promise<void> {
    const { memory, intake } = this.#parts;
    const trouble = { code: 'admin-missing' };
    let found: readonly Reported[];
    try {
      found = await this.#since(memory.report);
      await intake.settled(trouble);
    } catch (error) {
      if (error instanceof MatrixRefusal) await intake.trouble(trouble);
      throw error;
    }
    for (const { id, room_id: room, event_id: event, user_id: reporter, reason } of found) {
      if (memory.room(room) !== undefined) await this.#passOn(room, event, reporter, reason ?? '');
      memory.noteReport(id);
    }
    if (memory.report === undefined) memory.noteReport(0);
  }

  /** Those that are newer, oldest first; at the first time what is there. */
  async #since(last = 0): Promise<readonly Reported[]> {
    const { api, adminUrl, signal } = this.#parts;
    const found: Reported[] = [];
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = { dir: 'b', limit: String(PAGE), from: String(page * PAGE) };
      const call = { baseUrl: adminUrl, path: '/_synapse/admin/v1/event_reports', query };
      const { data } = reportsShape.safeParse(await api.ask('reports', call, signal));
      if (data === undefined) throw new VigieError('platform-malformed', { detail: 'no list of reports' });
      const fresh = data.event_reports.filter(({ id }) => id > last);
      found.push(...fresh);
      if (fresh.length < PAGE) break;
    }
    return found.reverse();
  }

  /** @returns whether it was passed on */
  async #passOn(room: string, about: string, reporter: string, text: string): Promise<boolean> {
    const { api, intake, signal } = this.#parts;
    if (!this.#mayReport(reporter)) return false;
    try {
      const event = await readEvent(api, room, about, signal);
      if (event === undefined || isRedacted(event)) return false;
      const item = await this.#reader.hand(room, event, 'live');
      if (item === undefined) return false;
      const words = text.replaceAll('\0', '').slice(0, 2_000);
      await intake.report({ item, reporter, reason: 'abuse', ...(words === '' ? {} : { text: words }) });
      return true;
    } catch (error) {
      if (error instanceof MatrixRefusal) return false;
      throw error;
    }
  }

  #mayReport(reporter: string): boolean {
    const minute = Math.floor(this.#parts.house.now() / 60_000);
    if (minute !== this.#minute) this.#counts = new Map();
    this.#minute = minute;
    const count = (this.#counts.get(reporter) ?? 0) + 1;
    if (count > MOST_REPORTS || this.#counts.size >= MOST_REPORTERS) return false;
    this.#counts.set(reporter, count);
    return true;
  }

  /** A mark on the report is a courtesy: where it cannot be given, nothing is lost. */
  async #thank(room: string, { event_id: id }: RoomEvent): Promise<void> {
    const { api, signal, house } = this.#parts;
    const body = { 'm.relates_to': { rel_type: 'm.annotation', event_id: id, key: '✅' } };
    const where = path`/_matrix/client/v3/rooms/${room}/send/m.reaction/${`vigie-report-${id}`}`;
    try {
      await api.ask('reaction', { method: 'PUT', path: where, body }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof MatrixRefusal))
        house.logger.warn({ code: VigieError.from(error).code }, 'no thanks given');
    }
  }
}

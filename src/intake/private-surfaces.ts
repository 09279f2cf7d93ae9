import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { findSwitch, listSwitches, type PrivateSwitch, switchOff, switchOn } from '../storage/private-switches.js';
import type { Surface } from '../storage/schema.js';

export interface PrivateSurfacesOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  readonly now?: () => Date;
}

export interface SwitchOnOrder {
  readonly jurisdiction: string;
  readonly legalBasis: string;
  readonly until: Date;
}

/** Private surfaces are closed to Vigie, except where a law opens them: in one jurisdiction, on a named basis, until an end. */
export class PrivateSurfaces {
  readonly #database: Database;
  readonly #record: RecordEvent;
  readonly #now: () => Date;

  constructor({ database, record, now = () => new Date() }: PrivateSurfacesOptions) {
    this.#database = database;
    this.#record = record;
    this.#now = now;
  }

  /**
   * Switches a jurisdiction on, in place of what was on there.
   * @param by id of the principal
   * @throws VigieError `request-invalid` when the end is not ahead, or more than a year
   */
  async on({ jurisdiction, legalBasis, until }: SwitchOnOrder, by: string): Promise<PrivateSwitch> {
    const now = this.#now();
    if (until <= now) throw new VigieError('request-invalid', { detail: '/until must lie ahead' });
    if (until > aYearAfter(now)) {
      throw new VigieError('request-invalid', { detail: '/until may lie a year ahead at the most; renew it then' });
    }
    return await this.#database.transaction(async (tx) => {
      const made = await switchOn(tx, { jurisdiction, legalBasis, until, by });
      const refs = { switch: made.id, jurisdiction, until: until.toISOString() };
      const subject = `private:${jurisdiction}`;
      await this.#record(tx, { kind: 'private.switched-on', actor: by, subject, refs, payload: { legalBasis } });
      return made;
    });
  }

  /** @returns false when the jurisdiction was not on */
  async off(jurisdiction: string, by: string): Promise<boolean> {
    return await this.#database.transaction(async (tx) => {
      const was = await switchOff(tx, jurisdiction, by);
      if (was === undefined) return false;
      const refs = { switch: was.id, jurisdiction };
      await this.#record(tx, { kind: 'private.switched-off', actor: by, subject: `private:${jurisdiction}`, refs });
      return true;
    });
  }

  async ls(): Promise<readonly (PrivateSwitch & { readonly state: 'on' | 'over' | 'off' })[]> {
    const now = this.#now();
    return (await listSwitches(this.#database.db)).map((each) => ({
      ...each,
      state: each.switchedOffAt !== null ? 'off' : each.until > now ? 'on' : 'over',
    }));
  }

  /** Whether an item may be looked at now. Asked at intake, and again right before the scan. */
  async allows(surface: Surface, jurisdiction: string | null | undefined): Promise<boolean> {
    if (surface === 'public') return true;
    if (jurisdiction === null || jurisdiction === undefined) return false;
    const found = await findSwitch(this.#database.db, jurisdiction);
    return found !== undefined && found.until > this.#now();
  }

  /** @throws VigieError `surface-private` */
  async assertAllowed(surface: Surface, jurisdiction: string | undefined): Promise<void> {
    if (await this.allows(surface, jurisdiction)) return;
    const detail = jurisdiction === undefined ? 'no jurisdiction was given' : `${jurisdiction} is not switched on`;
    throw new VigieError('surface-private', { detail });
  }
}

/** A switch that nobody has to think of again is none; the day itself may be used to its end. */
function aYearAfter(now: Date): Date {
  const limit = new Date(now);
  limit.setUTCFullYear(now.getUTCFullYear() + 1);
  limit.setUTCDate(limit.getUTCDate() + 1);
  return limit;
}

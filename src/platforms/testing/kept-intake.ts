import type { PlatformIntake, SharedItem, SharedReport } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';

/** Keeps what is handed in, in the way of the house: an item by its id and revision, once; private ones not at all. */
export class KeptIntake implements PlatformIntake {
  readonly items: SharedItem[] = [];
  readonly gones: string[] = [];
  readonly reports: SharedReport[] = [];
  readonly troubles = new Set<string>();
  /** How often something was handed in, again or not. */
  handed = 0;
  signs = 0;
  /** While set, nothing is taken. */
  full = false;
  memory: unknown;

  async hand(item: SharedItem): Promise<{ readonly id: string; readonly fresh: boolean }> {
    // What cannot be written as JSON could not be kept.
    const kept = structuredClone(item);
    if (this.full) throw new VigieError('queue-full', { retryAfter: 0.05 });
    if (kept.surface === 'private') throw new VigieError('surface-private');
    this.handed++;
    const known = this.items.some(({ id, revision }) => id === kept.id && revision === kept.revision);
    if (!known) this.items.push(kept);
    return { id: kept.id, fresh: !known };
  }

  async gone(items: readonly string[]): Promise<void> {
    this.gones.push(...items);
  }

  async report(report: SharedReport): Promise<void> {
    this.reports.push(report);
  }

  async trouble({ code, room = '' }: { readonly code: string; readonly room?: string }): Promise<void> {
    this.troubles.add(`${code} ${room}`);
  }

  async settled({ code, room = '' }: { readonly code: string; readonly room?: string }): Promise<void> {
    this.troubles.delete(`${code} ${room}`);
  }

  /** While set, nothing can be remembered. */
  forgetful = false;

  async remember(memory: unknown): Promise<void> {
    if (this.forgetful) throw new VigieError('database-unavailable');
    this.memory = JSON.parse(JSON.stringify(memory));
  }

  heard(): void {
    this.signs++;
  }
}

import type { SourceChange } from '../source.js';

/** Changes of one page. Of several of one entry the latest counts, or the last of equally late ones. */
export class LatestChanges {
  readonly #byId = new Map<string, { readonly at: number; readonly change: SourceChange }>();

  /** @param at when it was changed, in any unit that grows */
  add(id: string, at: number, change: SourceChange): void {
    if ((this.#byId.get(id)?.at ?? Number.NEGATIVE_INFINITY) > at) return;
    this.#byId.set(id, { at, change });
  }

  get changes(): readonly SourceChange[] {
    return Array.from(this.#byId.values(), ({ change }) => change);
  }
}

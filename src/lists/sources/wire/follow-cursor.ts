import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import type { SourceChange, SourceHouse, SourcePage } from '../source.js';
import { CircleGuard } from './circle-guard.js';
import type { PageBuilder } from './page-builder.js';

const text = z.string().max(4_096);
const positionSchema = z.object({
  since: text,
  /** When it was stored, by our clock, seconds since 1970. */
  at: z.number().int().min(0),
  cursor: text.min(1).optional(),
  reach: text.optional(),
  begun: z.number().int().min(0).optional(),
});

/** Everything up to `since` is stored, and of what comes after it everything before the cursor. */
export interface CursorPosition {
  readonly since: string;
  /** Undefined at the beginning of what comes after `since`. */
  readonly cursor: string | undefined;
  /** How far what was read since then reaches; undefined while nothing was. */
  readonly reach: string | undefined;
  /** The earlier of their clock and ours at that beginning, seconds since 1970: whatever changes later may be missing. */
  readonly begun: number | undefined;
}

export interface CursorPage {
  readonly changes: readonly SourceChange[];
  readonly builder: PageBuilder;
  /** Where the next page is; undefined after the last. */
  readonly next: string | undefined;
  /** Takes the place of `since` when all of it is read. */
  readonly reach: string;
  /** The earlier of their clock and ours, seconds since 1970. */
  readonly earlier: number;
}

export interface CursorRules {
  /** The position that stands for the beginning. */
  readonly start: string;
  /** A cursor that is older is not used any more, seconds. */
  readonly cursorSeconds: number;
  /** A checkpoint that is older begins anew: the source forgets by then what it withdrew, seconds. */
  readonly staleSeconds: number;
  /** @returns undefined when the source does not know the cursor any more */
  readonly ask: (position: CursorPosition, signal: AbortSignal) => Promise<CursorPage | undefined>;
}

/** Times that one pull begins at `since` again because its cursor was refused. */
const NEW_BEGINNINGS = 3;

/**
 * Follows a source that tells what has changed since a position, in pages that a cursor leads through. The position
 * moves when the last of them is stored; until then the cursor is kept beside it.
 */
export async function* followCursor(
  rules: CursorRules,
  checkpoint: unknown,
  { now }: SourceHouse,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const seconds = () => Math.max(0, Math.floor(now() / 1_000));
  const stored = positionSchema.safeParse(checkpoint).data;
  const age = stored === undefined ? Number.POSITIVE_INFINITY : seconds() - stored.at;
  let restart = checkpoint !== undefined && age > rules.staleSeconds;
  let position = stored === undefined || restart ? beginningAt(rules.start) : { ...beginningAt(''), ...stored };
  if (age > rules.cursorSeconds) position = beginningAt(position.since);
  // What a cursor leads to is as old as the cursor may be: only a set that is begun now can end at the present.
  let fresh = position.cursor === undefined;
  const guard = new CircleGuard();
  for (let beginnings = 0; ; ) {
    guard.step(JSON.stringify([position.since, position.cursor, beginnings]));
    const page = await rules.ask(position, signal);
    if (page === undefined) {
      if (++beginnings > NEW_BEGINNINGS) throw new VigieError('source-refused', { detail: 'its own next page' });
      position = beginningAt(position.since);
      fresh = true;
      continue;
    }
    const { builder, changes, next, reach, earlier } = page;
    const { since, begun = earlier } = position;
    position = next === undefined ? beginningAt(reach) : { since, cursor: next, reach, begun };
    const upToDate = next === undefined && fresh;
    yield {
      ...{ changes, setAside: builder.setAside, unused: builder.unused },
      ...{ checkpoint: { ...position, at: seconds() }, upToDate },
      ...(restart && { restart }),
    };
    if (upToDate) return;
    if (next === undefined) {
      fresh = true;
      beginnings++;
    }
    restart = false;
  }
}

function beginningAt(since: string): CursorPosition {
  return { since, cursor: undefined, reach: undefined, begun: undefined };
}

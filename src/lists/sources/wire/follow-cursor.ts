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
});

/** Everything up to `since` is stored, and of what comes after it everything before the cursor. */
export interface CursorPosition {
  readonly since: string;
  /** Undefined at the beginning of what comes after `since`. */
  readonly cursor: string | undefined;
  /** How far what was read since then reaches; undefined while nothing was. */
  readonly reach: string | undefined;
}

export interface CursorPage {
  readonly changes: readonly SourceChange[];
  readonly builder: PageBuilder;
  readonly more: boolean;
  /** Where the next page is. Undefined when `reach` says that, or when there is none. */
  readonly cursor: string | undefined;
  /** Takes the place of `since` when all of it is read, or at once when there is no cursor. */
  readonly reach: string;
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
  let position: CursorPosition =
    stored === undefined || restart
      ? { since: rules.start, cursor: undefined, reach: undefined }
      : { since: stored.since, cursor: stored.cursor, reach: stored.reach };
  if (age > rules.cursorSeconds) position = beginning(position);
  const guard = new CircleGuard();
  for (let beginnings = 0; ; ) {
    guard.step(JSON.stringify([position.since, position.cursor, beginnings]));
    const page = await rules.ask(position, signal);
    if (page === undefined) {
      if (++beginnings > NEW_BEGINNINGS) throw new VigieError('source-refused', { detail: 'its own next page' });
      position = beginning(position);
      continue;
    }
    const { builder, changes, more, cursor, reach } = page;
    position =
      more && cursor !== undefined
        ? { since: position.since, cursor, reach }
        : { since: reach, cursor: undefined, reach: undefined };
    yield {
      ...{ changes, setAside: builder.setAside, unused: builder.unused },
      ...{ checkpoint: { ...position, at: seconds() }, upToDate: !more },
      ...(restart && { restart }),
    };
    if (!more) return;
    restart = false;
  }
}

function beginning({ since }: CursorPosition): CursorPosition {
  return { since, cursor: undefined, reach: undefined };
}

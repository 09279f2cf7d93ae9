import { z } from 'zod';

/** What of a stored verdict a person can judge. */
export interface JudgedMatch {
  /** Ordinal of the medium. */
  readonly medium: number;
  readonly list: string;
  readonly entry: string;
  /** Type of the signal that matched. */
  readonly signal: string;
  /** The list was tried out: nothing followed from the match. */
  readonly shadow: boolean;
}

const matchSchema = z.object({
  list: z.string(),
  entry: z.string(),
  signal: z.string(),
  shadow: z.boolean().optional(),
});

const detailSchema = z.object({
  media: z
    .array(
      z.object({
        ordinal: z.number(),
        matches: z.array(matchSchema).default([]),
        withoutEffect: z.array(matchSchema).default([]),
      }),
    )
    .default([]),
});

/** The matches of all media of a stored verdict, those without effect too. */
export function matchesOf(detail: unknown): readonly JudgedMatch[] {
  const read = detailSchema.safeParse(detail);
  if (!read.success) return [];
  return read.data.media.flatMap(({ ordinal, matches, withoutEffect }) =>
    [...matches, ...withoutEffect].map(({ shadow = false, ...match }) => ({ ...match, medium: ordinal, shadow })),
  );
}

/** What decides between a match that acts and one that is put before people. One place, so that it can be explained. */
export const RULE = {
  /** Of the known video's frames, or of the query's, in percent. */
  percent: 80,
  /** A run in order, in seconds of the query. */
  runSeconds: 5,
  /** Frames that differ from each other, below which nothing acts. */
  differentFrames: 3,
  /** How long a known picture is seen in a video. */
  pictureSeconds: 3,
} as const;

/** Two frames that differ in more bits than this are different frames: half of what still counts as the same picture. */
export const DIFFERENT_BITS = 16;

/** Two frames that differ in no more bits than this resemble each other. That is not enough to be found, and enough for a run to go on. */
export const RESEMBLING_BITS = 62;

export interface VideoMeasures {
  /** Of the known video's frames those that are found, in percent, weighted by time. */
  readonly knownPercent: number;
  readonly queryPercent: number;
  /** The longest run in order that holds at least `RULE.differentFrames` different frames; 0 when there is none. */
  readonly runSeconds: number;
  /** Different frames among all that are found, counted up to `RULE.differentFrames`. */
  readonly different: number;
}

export type Extent = 'full' | 'partial';

/**
 * Grades how much of a known video was found.
 * @param whole whether all of the query was looked at: its own percentage says nothing before that
 */
export function extentOfVideo(measures: VideoMeasures, whole: boolean): Extent {
  const { knownPercent, queryPercent, runSeconds, different } = measures;
  if (different < RULE.differentFrames) return 'partial';
  const enough =
    knownPercent >= RULE.percent || (whole && queryPercent >= RULE.percent) || runSeconds >= RULE.runSeconds;
  return enough ? 'full' : 'partial';
}

/** Grades how long a known picture was seen. */
export function extentOfPicture(seconds: number): Extent {
  return seconds >= RULE.pictureSeconds ? 'full' : 'partial';
}

/** One line of the result: what was done, and what came of it. */
export interface SoakRow {
  readonly what: string;
  readonly value: string;
}

export interface SoakResult {
  readonly rows: readonly SoakRow[];
  /** What went wrong; the run fails when there is anything. */
  readonly failures: readonly string[];
}

export interface SoakOptions {
  readonly count: number;
  readonly seed: number;
  readonly progress: (text: string) => void;
}

/** A part of the long run: it really does something for long, and looks whether all is as it was afterwards. */
export type SoakPart = (options: SoakOptions) => Promise<SoakResult>;

/** What kinds of sources and of platforms say of themselves, and how a connection of one is named. */

export interface Kind {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema. */
  readonly settings: unknown;
  /** Null when it needs none. */
  readonly credentials: unknown;
}

/** What a connection needs. The credentials go one way only. */
export interface Trial {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, unknown>>;
}

/** What a test found out, by name. */
export type TestedFacts = Readonly<Record<string, string>>;

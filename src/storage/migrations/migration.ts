/** One step forward in the shape of the tables. Never edited once it was released; there is no way back but a backup. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly number: number;
  readonly name: string;
  /** Single statements, run in order in one transaction. */
  readonly statements: readonly string[];
}

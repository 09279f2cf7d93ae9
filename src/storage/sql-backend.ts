/** What a query gave back. */
export interface SqlResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows inserted, changed or deleted; undefined for a query that only reads. */
  readonly affected: number | undefined;
}

/** One connection, held by one user at a time. */
export interface SqlSession {
  /** Runs one statement. Rejects with what the driver throws; the caller translates. */
  query(sql: string, parameters: readonly unknown[]): Promise<SqlResult>;
  /**
   * Gives the connection back.
   * @param broken true when its state is not known (an open transaction, a lost socket): it must not be used again as it is
   */
  release(broken: boolean): Promise<void>;
}

/** One of the two databases, seen from the kysely driver. */
export interface SqlBackend {
  /** Waits for a connection, in fair order. */
  acquire(signal: AbortSignal | undefined): Promise<SqlSession>;
  /** Hears of NOTIFY on a channel. A hint: notifications can be lost, and an empty payload says "some may have been". */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

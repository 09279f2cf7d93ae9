/** What the main thread and the thread of the embedded database say to each other. */

export interface PgliteWorkerData {
  /** The directory of the database; made when it is missing. */
  readonly directory: string;
  /** False starts PostgreSQL with fsync off: only for tests and trials. */
  readonly fsync: boolean;
}

export type PgliteRequest =
  | { readonly kind: 'query'; readonly id: number; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'listen' | 'unlisten'; readonly id: number; readonly channel: string }
  | { readonly kind: 'close'; readonly id: number };

export interface PgliteFailure {
  readonly message: string;
  /** SQLSTATE or the system's error code. */
  readonly code?: string;
  readonly constraint?: string;
}

export type PgliteReply =
  /** `fsync` is true when a test commit was seen to reach the disk. */
  | { readonly kind: 'ready'; readonly fsync: boolean }
  | { readonly kind: 'start-failed'; readonly failure: PgliteFailure }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly rows: Record<string, unknown>[];
      readonly affected?: number;
    }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: PgliteFailure }
  /** The engine gave up in the middle (a full disk while writing its log does that); the thread ends after this. */
  | { readonly kind: 'crashed'; readonly id: number; readonly failure: PgliteFailure }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };

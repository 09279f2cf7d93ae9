import type { Principal } from '../access/principal.js';
import type { Scope } from '../access/scopes.js';
import type { Sessions } from '../access/sessions.js';
import type { Lists } from '../lists/lists.js';
import type { Scanner } from '../scan/scanner.js';

/** A key as its owner may know of it afterwards: never the secret. */
export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created: Date;
  readonly revoked: Date | null;
}

export interface Keys {
  /** @returns who the key stands for, or undefined when it is unknown or revoked */
  find(key: string): Promise<Principal | undefined>;
  /** @returns the new key; it is told only once */
  create(name: string, scopes: readonly Scope[]): Promise<{ readonly info: KeyInfo; readonly key: string }>;
  revoke(id: string): Promise<boolean>;
  ls(): Promise<readonly KeyInfo[]>;
}

/** What the service can say of itself. */
export interface ServiceStatus {
  readonly version: string;
  readonly engine: string;
  readonly ready: boolean;
  readonly problems: readonly string[];
  readonly index: { readonly entries: number; readonly segments: number; readonly bytes: number };
  readonly lists: number;
  readonly appliedSeq: number;
  readonly decoders: { readonly processes: number; readonly formats: readonly string[] };
}

/** What the routes stand on; the application implements it. */
export interface Services {
  readonly config: {
    readonly limits: { readonly mediaBytes: number; readonly uploadMs: number };
  };
  readonly closing: boolean;
  /** Where the page is reached, such as `http://127.0.0.1:8790`. */
  readonly address: string;
  readonly lists: Lists;
  readonly scanner: Scanner;
  readonly keys: Keys;
  readonly sessions: Sessions;
  status(): ServiceStatus;
  /** Whether verdicts can be given now, and if not, why. */
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] };
  newId(): string;
}

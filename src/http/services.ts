import type { ApiKeys } from '../access/api-keys.js';
import type { RateGate } from '../access/rate-gate.js';
import type { Sessions } from '../access/sessions.js';
import type { Curation } from '../curation/curation.js';
import type { Webhooks } from '../effects/webhooks.js';
import type { Enforcement } from '../enforcement/enforcement.js';
import type { Intake } from '../intake/intake.js';
import type { Banks } from '../lists/banks/banks.js';
import type { Lists } from '../lists/lists.js';
import type { Publishing } from '../lists/publishing/publishing.js';
import type { Sources } from '../lists/sync/sources.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Deliveries } from '../platforms/deliveries.js';
import type { Platforms } from '../platforms/platforms.js';
import type { Policies } from '../policy/policies.js';
import type { PolicyTrials } from '../policy/policy-trials.js';
import type { Retro } from '../retro/retro.js';
import type { Scanner } from '../scan/scanner.js';
import type { Attentions } from '../storage/attention/attentions.js';
import type { BackupProgress } from '../storage/backup/create-backup.js';
import type { Audit } from '../storage/events/audit.js';
import type { NodeTable } from '../storage/nodes/node-table.js';
import type { Outbox } from '../storage/outbox/outbox.js';

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

export interface BackupOrder {
  readonly target: string;
  readonly keysFile: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

export interface BackupSummary {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  /** Segments that were not there, or not what they should be. */
  readonly missing: number;
  /** Workers whose seen records lie in data directories of their own, and are no part of it. */
  readonly workers: number;
}

export interface SealKeys {
  readonly source: string;
  readonly keys: readonly {
    readonly id: string;
    readonly active: boolean;
    readonly here: boolean;
    readonly rows: number;
    readonly files: number;
  }[];
}

/** What the routes stand on; the application implements it. */
export interface Services {
  readonly config: {
    readonly behindProxy: boolean;
    readonly limits: { readonly mediaBytes: number; readonly videoBytes: number; readonly uploadMs: number };
  };
  /** Aborted when the service begins to stop: new requests are refused, and long work gives way. */
  readonly stopping: AbortSignal;
  /** Where the page is reached, such as `http://127.0.0.1:8790`. */
  readonly address: string;
  readonly lists: Lists;
  /** Lists by the names and numbers of the compatible interface. */
  readonly banks: Banks;
  /** Lists that are given to members. */
  readonly publishing: Publishing;
  readonly sources: Sources;
  readonly platforms: Platforms;
  /** What they deliver by themselves. */
  readonly deliveries: Deliveries;
  /** What is done on them, and what people decide about it. */
  readonly enforcement: Enforcement;
  readonly scanner: Scanner;
  readonly intake: Intake;
  readonly curation: Curation;
  /** This process among the others on the same database. */
  readonly nodes: NodeTable;
  readonly keys: ApiKeys;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly rates: RateGate;
  readonly metrics: Metrics;
  /** Writes a backup of all that this installation holds. */
  backUp(order: BackupOrder): Promise<BackupSummary>;
  readonly attentions: Attentions;
  /** New entries tried against what was seen before. */
  readonly retro: Retro;
  /** What is done about verdicts. */
  readonly policies: Policies;
  readonly policyTrials: PolicyTrials;
  readonly outbox: Outbox;
  readonly webhooks: Webhooks;
  /** The master keys and what each is needed for. */
  sealKeys(): Promise<SealKeys>;
  status(): ServiceStatus;
  /** Whether verdicts can be given now, and if not, why. */
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] };
  /** A request failed for a reason that nobody foresaw: somebody has to look. @param route its template, which holds no ids */
  noteUnforeseen(route: string): void;
  newId(): string;
}

import { availableParallelism } from 'node:os';
import { DEFAULT_RATES, type Rates } from './access/quotas.js';

/** Everything that can be set, with the values that hold when nothing is. Sizes in bytes, times in milliseconds. */
export interface Config {
  readonly dataDir: string;
  /** A PostgreSQL server in place of the embedded database. */
  readonly databaseUrl: string | undefined;
  readonly allowNoFsync: boolean;
  /** Where segments lie: a directory that processes share, or `s3://bucket/prefix`; the data directory when undefined. */
  readonly segments: string | undefined;
  /** NATS servers that carry the work between processes, with their credentials; the database when undefined. */
  readonly natsUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  /** A proxy that ends TLS stands in front: other addresses than loopback may then be listened on. */
  readonly behindProxy: boolean;
  /** The interface of Hasher-Matcher-Actioner, on a port of its own; none when undefined. */
  readonly hma:
    | {
        readonly port: number;
        /** Addresses and ranges whose requests need no key: they are those of the key with this id. */
        readonly trusted: readonly { readonly range: string; readonly key: string }[];
      }
    | undefined;
  /** Where servers of Matrix ask before they publish; nowhere when undefined. */
  readonly matrixPolicyPort: number | undefined;
  readonly decoders: {
    readonly processes: number;
    readonly maxPixels: number;
    readonly maxFrames: number;
    readonly timeoutMs: number;
    readonly memoryBytes: number;
    readonly queueLimit: number;
  };
  readonly videos: {
    readonly processes: number;
    /** Of one frame. */
    readonly maxPixels: number;
    /** Longest time without a frame. */
    readonly timeoutMs: number;
    /** Longest time for one video. */
    readonly wallMs: number;
    /** Of a decoder process and its ffmpeg together. */
    readonly memoryBytes: number;
    readonly queueLimit: number;
  };
  readonly limits: {
    /** Longest picture. */
    readonly mediaBytes: number;
    /** Longest video; it lies in memory (/dev/shm) while it is decoded. */
    readonly videoBytes: number;
    /** How long a client may take to send a medium. */
    readonly uploadMs: number;
    readonly fetchMs: number;
    /** Index memory. */
    readonly indexBytes: number;
    readonly cacheBytes: number;
  };
  /** Addresses that may be fetched from although they are not public. */
  readonly allowFetchFrom: readonly string[];
  readonly photodna: {
    /** A command that reads a medium on its standard input and writes its PhotoDNA hash, or the URL of such a service. */
    readonly hasher: string | undefined;
    readonly metric: 'squared-euclidean' | 'manhattan';
    readonly threshold: number | undefined;
  };
  /** Project Arachnid, asked by hash about unknown public pictures; nobody is asked when undefined. */
  readonly arachnid: { readonly url: string; readonly user: string; readonly password: string } | undefined;
  /** A classifier that is asked about items that no list knows; nobody is asked when undefined. */
  readonly scorer:
    | {
        readonly url: string;
        readonly key: string | undefined;
        /** Which one it is, with its version; kept beside each score. */
        readonly version: string;
        /** How long a score is waited for, once the verdict is told. */
        readonly timeoutMs: number;
        readonly surfaces: readonly ('public' | 'private')[];
        readonly kinds: readonly ('image' | 'video')[];
      }
    | undefined;
  /** Different media within a time from which on an entry that matches them is silenced; 0 for never. */
  readonly flood: { readonly limit: number; readonly windowMs: number };
  /** Removals of rules in an hour, from one platform or for one list, and for one entry; more are told of, or wait for a person. */
  readonly removals: {
    readonly alarmAbove: { readonly platform: number; readonly list: number; readonly entry: number };
    readonly holdAbove: { readonly platform: number; readonly list: number; readonly entry: number };
  };
  /** How long the bytes of what was removed are kept. */
  readonly evidenceMs: number;
  /** How often who may ask; see access/quotas.ts. */
  readonly rates: Rates;
  /** Where mail about alarms goes; none when left out. */
  readonly mail: { readonly url: string; readonly to: readonly string[]; readonly from: string } | undefined;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

export const DEFAULTS: Config = {
  dataDir: './vigie-data',
  databaseUrl: undefined,
  allowNoFsync: false,
  segments: undefined,
  natsUrl: undefined,
  host: '127.0.0.1',
  port: 8790,
  behindProxy: false,
  hma: undefined,
  matrixPolicyPort: undefined,
  decoders: {
    processes: availableParallelism(),
    maxPixels: 120_000_000,
    maxFrames: 300,
    timeoutMs: 20_000,
    memoryBytes: 1.5 * 2 ** 30,
    queueLimit: 256,
  },
  videos: {
    processes: Math.max(1, Math.ceil(availableParallelism() / 2)),
    maxPixels: 8_192 * 4_608,
    timeoutMs: 20_000,
    wallMs: 30 * 60_000,
    memoryBytes: 600 * 2 ** 20,
    queueLimit: 256,
  },
  limits: {
    mediaBytes: 64 * 2 ** 20,
    videoBytes: 2 ** 30,
    uploadMs: 60_000,
    fetchMs: 15_000,
    indexBytes: 12 * 2 ** 30,
    cacheBytes: 128 * 2 ** 20,
  },
  allowFetchFrom: [],
  photodna: { hasher: undefined, metric: 'squared-euclidean', threshold: undefined },
  arachnid: undefined,
  scorer: undefined,
  flood: { limit: 1_000, windowMs: 3_600_000 },
  removals: {
    alarmAbove: { platform: 500, list: 500, entry: 50 },
    holdAbove: { platform: 5_000, list: 5_000, entry: 500 },
  },
  evidenceMs: 90 * 86_400_000,
  rates: DEFAULT_RATES,
  mail: undefined,
  logLevel: 'info',
};

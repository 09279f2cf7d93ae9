/** The shapes of the service's API that the console uses, as /openapi.json describes them. */

type SignalType = 'md5' | 'sha1' | 'sha256' | 'pdq' | 'photodna' | 'vpdq';

/** A problem in the sense of RFC 9457, as every error of the service is told. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly remedy: string;
  readonly requestId?: string;
}

export interface ServiceStatus {
  readonly version: string;
  readonly engine: string;
  readonly ready: boolean;
  readonly problems: readonly string[];
  readonly index: { readonly entries: number; readonly segments: number; readonly bytes: number };
  readonly lists: number;
  readonly decoders: { readonly processes: number; readonly formats: readonly string[] };
  readonly principal: { readonly id: string; readonly name: string; readonly scopes: readonly string[] };
}

/** Something that needs somebody. */
export interface Attention {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly state: 'open' | 'acknowledged' | 'resolved';
  /** How often it has occurred. */
  readonly count: number;
  /** Items that wait behind it and can be looked at again. */
  readonly backlog: number;
  readonly due: string;
  readonly overdue: boolean;
  readonly last: string;
  readonly note: string | null;
}

interface ListVersion {
  readonly version: number;
  readonly state: string;
  readonly entries: number;
  readonly created: string;
  readonly sourceName: string | null;
}

export interface HashList {
  readonly name: string;
  readonly source: string | null;
  readonly licence: string | null;
  /** ISO 8601; the list stops matching then. */
  readonly expires: string | null;
  /** True for the list of generated pictures that comes with Vigie. */
  readonly sample: boolean;
  /** An `allow` list holds what is known to be good. */
  readonly role: 'block' | 'allow';
  /** The list is tried out: nothing follows from its matches. */
  readonly shadow: boolean;
  readonly approval: 'none' | 'two-person';
  readonly content: 'media' | 'urls' | 'keywords';
  /** Matches that people have judged; those of its time in shadow apart. */
  readonly judged: Readonly<Record<'confirmed' | 'refuted' | 'shadowConfirmed' | 'shadowRefuted', number>>;
  readonly version: number | null;
  readonly entries: number;
  readonly withdrawn: number;
  readonly grades: Readonly<Record<string, number>>;
  readonly signals: Readonly<Record<string, { readonly values: number; readonly active: number }>>;
  readonly state: 'ready' | 'loading' | 'expired' | 'damaged' | 'empty';
  readonly created: string;
  readonly versions: readonly ListVersion[];
}

interface ReasonCount {
  readonly count: number;
  /** The first lines that are meant; not all of them when there are many. */
  readonly lines: readonly number[];
  /** Where frames of videos are meant: for each line the number of its frame, or 0. */
  readonly frames?: readonly number[];
}

export type ReasonCounts = Readonly<Record<string, ReasonCount>>;

interface ImportReport {
  readonly records: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejectedRecords: number;
  readonly rejected: ReasonCounts;
  readonly inactive: ReasonCounts;
  readonly duplicate: ReasonCounts;
  readonly remarks: ReasonCounts;
  readonly ignoredColumns: readonly string[];
}

export interface ImportResult {
  readonly list: string;
  readonly version: number;
  readonly entries: number;
  readonly report: ImportReport;
  /** True when segments of an import that was cut off were used again. */
  readonly resumed: boolean;
}

export interface ImportProgress {
  /** Bytes of the file that the service has read. */
  readonly bytesRead: number;
  readonly records: number;
  readonly rejected: number;
  readonly stage: 'reading' | 'writing';
}

/** One line of the answer to an import. */
export type ImportLine =
  | { readonly progress: ImportProgress }
  | { readonly result: ImportResult }
  | { readonly error: Problem };

export type VerdictWord = 'match' | 'no-match' | 'could-not-tell';

/** Two signals in hexadecimal. */
export interface FingerprintPair {
  readonly query: string;
  readonly entry: string;
}

/** How far a video and a known one agree, and where; times in seconds. */
export interface VideoOverlap {
  readonly queryPercent: number;
  readonly knownPercent: number;
  /** Time of the last listed frame of the known video: about its length. */
  readonly knownSeconds?: number;
  readonly framesMatched: number;
  readonly longestRunSeconds: number;
  readonly commonFrames: number;
  readonly ranges: readonly { readonly query: readonly [number, number]; readonly known: readonly [number, number] }[];
  readonly offsetSeconds?: number;
  readonly speed?: number;
}

export interface Match {
  readonly list: string;
  readonly version: number;
  readonly entry: string;
  readonly grade: string | null;
  readonly signal: SignalType;
  /** Absent without the scope `matches:detail`, like `view`; null where whoever was asked from outside tells none. */
  readonly distance?: number | null;
  readonly view?: string;
  readonly frame: number | null;
  readonly quality: number | null;
  /** Only a full match is enough to act on; a partial one is for people. */
  readonly extent: 'full' | 'partial';
  readonly across: 'same-kind' | 'frame-of-video' | 'picture-in-video';
  /** For what was found in a video; absent without the scope `matches:detail`. */
  readonly video?: VideoOverlap;
  /** The list is tried out: nothing follows from the match. */
  readonly shadow?: true;
  /** Known good that overrules the match. */
  readonly overruledBy?: { readonly list: string; readonly entry: string };
  /** Only for the sample list, or with the scope `entries:read`. */
  readonly fingerprint?: FingerprintPair;
}

export interface Verdict {
  /** Id of this verdict. */
  readonly scan: string;
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  readonly kind: 'image' | 'video' | 'other' | null;
  readonly format: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly seconds: number | null;
  readonly bytes: number;
  readonly frames: number | null;
  readonly framesHashed: number | null;
  /** PDQ quality, 0 to 100. */
  readonly quality: number | null;
  /** True when a part of a damaged file was all that could be decoded. */
  readonly damaged: boolean;
  readonly matches: readonly Match[];
  /** What was found and makes no match. */
  readonly withoutEffect: readonly Match[];
  readonly total: number;
  readonly truncated: boolean;
  /** Milliseconds by stage, and `total`. */
  readonly ms: Readonly<Record<string, number>>;
  readonly engine: string;
  readonly error?: Problem;
}

/** How far a video was looked at: its key frames first, then all of it from the beginning. */
export interface ScanProgress {
  readonly pass: 'keys' | 'whole';
  readonly seconds: number;
  /** What the file says of its length; 0 when it does not. */
  readonly length: number;
}

/** One line of the answer to a scan. */
export type ScanLine = { readonly progress: ScanProgress } | { readonly result: Verdict } | { readonly error: Problem };

export interface Sample {
  readonly name: string;
  readonly title: string;
  readonly expect: VerdictWord;
}

export type SourceState = 'new' | 'up-to-date' | 'behind' | 'refused' | 'failing' | 'stale' | 'held' | 'disabled';

/** A source that would remove more than it may without a person. */
export interface HeldChange {
  readonly id: string;
  readonly since: string;
  /** Entries that it would remove. */
  readonly removed: number;
  /** Entries that the list had. */
  readonly entries: number;
  readonly decision: 'waiting' | 'approved' | 'refused';
}

export interface Source {
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly list: string | null;
  readonly state: SourceState;
  /** Whether a process syncs it just now. */
  readonly syncing: boolean;
  readonly enabled: boolean;
  readonly everySeconds: number;
  readonly holdPercent: number;
  readonly next: string;
  readonly tried: string | null;
  readonly synced: string | null;
  readonly changed: string | null;
  /** Code of the error of the last attempt. */
  readonly error: string | null;
  readonly failures: number;
  readonly counts: Readonly<Record<'added' | 'changed' | 'removed' | 'returned' | 'setAside', number>>;
  readonly setAside: Readonly<Record<string, { readonly count: number; readonly where: readonly string[] }>>;
  /** Signals of types that the service does not know, by the source's name for each. */
  readonly unused: Readonly<Record<string, number>>;
  readonly held: HeldChange | null;
}

/** How the matches of a list are judged. */
export interface ListRules {
  readonly role: 'block' | 'allow';
  readonly shadow: boolean;
  readonly rules: {
    readonly grades?: readonly string[];
    readonly dropAtNegative?: number;
    readonly needAffirmative?: number;
  };
  /** Greatest distance that counts, by type of signal; what is left out is as everywhere. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Share of media that the list is applied to. */
  readonly sampleRatio: number;
}

export interface EntryChanges {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** How two versions of a list differ, in counts. */
export interface VersionDiff extends EntryChanges {
  readonly unchanged: number;
  readonly signals: Readonly<Record<string, EntryChanges>>;
  readonly grades: Readonly<Record<string, EntryChanges>>;
}

import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import type { Entry } from '../../../index/entry.js';
import { baseUrlSchema, withoutSlash } from '../../../net/base-url.js';
import type { SignalTypeName } from '../../../signals/signal-type.js';
import type { DeltaSource, SourceFacts, SourceHouse, SourceKind, SourcePage } from '../source.js';
import { type Answer, ask } from '../wire/ask.js';
import { type CursorPage, type CursorPosition, followCursor } from '../wire/follow-cursor.js';
import { LatestChanges } from '../wire/latest-changes.js';
import { isUsableId, PageBuilder } from '../wire/page-builder.js';
import { readJson } from '../wire/read-json.js';
import { TwoClocks } from '../wire/source-clock.js';

const IDEOLOGIES = ['all', 'islamist', 'far-right'] as const;

const settings = z.strictObject({
  ideology: z.enum(IDEOLOGIES).default('all').describe('Entries of one ideology alone, or all'),
  baseUrl: baseUrlSchema
    .default('https://app.terrorismanalytics.org')
    .describe('The address before /api and /token-auth'),
});

const credentials = z.strictObject({
  username: z.string().min(1).max(200).describe('User name of your account with the platform (TCAP)'),
  password: z.string().min(1).max(200).describe('Its password'),
});

const tokenSchema = z.object({ token: z.string().regex(/^[\x21-\x7e]{1,8000}$/) });
const pageSchema = z.object({
  count: z.number().nullish(),
  next: z.string().nullish(),
  checkpoint: z.string().max(256).nullish(),
  results: z.array(z.unknown()).max(20_000),
});

interface TatPage extends z.infer<typeof pageSchema> {
  /** The earlier of their clock and ours, seconds since 1970. */
  readonly earlier: number;
}

const recordSchema = z.object({
  id: z.union([z.string(), z.number().int()]).transform(String),
  hash_digest: z.string(),
  algorithm: z.string(),
  ideology: z.string().nullish(),
  file_type: z.string().nullish(),
  deleted: z.boolean().nullish(),
  created_on: z.union([z.number(), z.string()]).nullish(),
  updated_on: z.union([z.number(), z.string()]).nullish(),
});

const SIGNALS: ReadonlyMap<string, SignalTypeName> = new Map([
  ['MD5', 'md5'],
  ['SHA1', 'sha1'],
  ['SHA256', 'sha256'],
  ['PDQ', 'pdq'],
]);

const KINDS: ReadonlyMap<string, string> = new Map([
  ...['mov', 'm4v', 'mp4', 'webm', 'avi', 'mkv', 'mpeg', '3gp'].map((ending) => [ending, 'video'] as const),
  ...['jpg', 'jpeg', 'png', 'gif', 'webp', 'bmp', 'tiff', 'heic'].map((ending) => [ending, 'image'] as const),
]);

/**
 * The hash list of Tech Against Terrorism. Each page says how far it reaches, by time and id of its last record, and the
 * next one is asked for from there.
 */
class TechAgainstTerrorismSource implements DeltaSource {
  readonly shape = 'delta';
  readonly #house: SourceHouse;
  readonly #base: string;
  readonly #ideology: (typeof IDEOLOGIES)[number];
  readonly #credentials: z.infer<typeof credentials>;
  /** Kept until it is refused. */
  #token: string | undefined;

  constructor(chosen: z.infer<typeof settings>, given: z.infer<typeof credentials>, house: SourceHouse) {
    this.#house = house;
    this.#base = withoutSlash(chosen.baseUrl);
    this.#ideology = chosen.ideology;
    this.#credentials = given;
  }

  async test(signal: AbortSignal): Promise<SourceFacts> {
    const { count } = await this.#fetch('', signal);
    return { hashes: String(count ?? 'unknown') };
  }

  pull(checkpoint: unknown, signal: AbortSignal): AsyncIterable<SourcePage> {
    const never = Number.POSITIVE_INFINITY;
    const rules = {
      ...{ start: '', cursorSeconds: never, staleSeconds: never },
      ask: (position: CursorPosition, stop: AbortSignal) => this.#page(position, stop),
    };
    return followCursor(rules, checkpoint, this.#house, signal);
  }

  async #page({ since, cursor, begun }: CursorPosition, signal: AbortSignal): Promise<CursorPage> {
    const after = cursor ?? before(since);
    const { results, next: more, checkpoint, earlier } = await this.#fetch(after, signal);
    const builder = new PageBuilder();
    const { changes } = changesOf(results, builder, this.#ideology);
    const read = later(after, checkpoint ?? '');
    if (more && read === after) {
      throw new VigieError('source-malformed', { detail: 'more hashes and no way to them' });
    }
    // Never beyond the clocks: what was entered meanwhile would be passed over.
    const sure = begun ?? earlier;
    const reach = later(since, Number.parseFloat(read) > sure ? `${sure},0` : read);
    return { changes, builder, next: more ? read : undefined, reach, earlier };
  }

  async #fetch(after: string, signal: AbortSignal): Promise<TatPage> {
    const url = `${this.#base}/api/hash-list/v2/all?${new URLSearchParams({ order: 'asc', after })}`;
    for (let fresh = false; ; fresh = true) {
      fresh ||= this.#token === undefined;
      this.#token ??= await this.#authenticate(signal);
      const headers = { accept: 'application/json', authorization: `Bearer ${this.#token}` };
      const read = async (answer: Answer) => {
        const { earlier } = new TwoClocks(answer.sourceNow, this.#house.now());
        return { ...(await readJson(answer, pageSchema)), earlier };
      };
      const instead = async (status: number) => (status === 401 && !fresh ? { value: undefined } : undefined);
      const page = await ask<TatPage | undefined>(this.#house, url, { headers, read, instead }, signal);
      if (page !== undefined) return page;
      // Its time is over.
      this.#token = undefined;
    }
  }

  async #authenticate(signal: AbortSignal): Promise<string> {
    const body = new URLSearchParams({ ...this.#credentials, resend: 'false' }).toString();
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
    const read = (answer: Answer) => readJson(answer, tokenSchema);
    const question = { method: 'POST', headers, body, read } as const;
    return (await ask(this.#house, `${this.#base}/token-auth/tcap/`, question, signal)).token;
  }
}

function changesOf(records: readonly unknown[], builder: PageBuilder, ideology: string): LatestChanges {
  const latest = new LatestChanges();
  for (const [i, raw] of records.entries()) {
    const place = `record ${i + 1} of the page`;
    const { data: record } = recordSchema.safeParse(raw);
    if (record === undefined || !isUsableId(record.id)) {
      builder.putAside('malformed-record', undefined, place);
      continue;
    }
    const { id } = record;
    const at = timeOf(record.updated_on) ?? 0;
    if (record.deleted === true) {
      latest.add(id, at, { remove: id });
      continue;
    }
    if (ideology !== 'all' && record.ideology !== ideology) continue;
    const type = SIGNALS.get(record.algorithm.toUpperCase().replace('-', ''));
    if (type === undefined) {
      builder.countUnused(record.algorithm);
      continue;
    }
    const signal = builder.signal(type, record.hash_digest, id, place);
    if (signal !== undefined) latest.add(id, at, { put: { id, signals: [signal], ...detailsOf(record) } });
  }
  return latest;
}

function detailsOf(record: z.infer<typeof recordSchema>): Pick<Entry, 'grade' | 'kind' | 'added'> {
  const kind = KINDS.get((record.file_type ?? '').toLowerCase().replace(/^.*[./]/, ''));
  const added = timeOf(record.created_on) ?? timeOf(record.updated_on);
  return {
    ...(record.ideology && { grade: record.ideology.slice(0, 64) }),
    ...(kind !== undefined && { kind }),
    ...(added !== undefined && { added }),
  };
}

/** Seconds since 1970 or a date. @returns milliseconds */
function timeOf(time: number | string | null | undefined): number | undefined {
  const ms = typeof time === 'number' ? Math.round(time * 1_000) : Date.parse(time ?? '');
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : undefined;
}

const POSITION = /^([0-9]{1,12}(?:\.[0-9]{1,9})?),([0-9]{1,18})$/;

/** Asked anew from so much before: something may come to be there a moment after the time that it bears. */
const OVERLAP_SECONDS = 60;

function before(position: string): string {
  const time = POSITION.exec(position)?.[1];
  return time === undefined ? '' : `${Math.max(0, Math.floor(Number(time)) - OVERLAP_SECONDS)},0`;
}

/** Positions are `time,id`. One that is no position, or lies further back, moves nothing. */
function later(since: string, checkpoint: string): string {
  const [theirs, ours] = [POSITION.exec(checkpoint), POSITION.exec(since)];
  if (theirs === null) {
    if (checkpoint !== '') throw new VigieError('source-malformed', { detail: 'a checkpoint that is none' });
    return since;
  }
  if (ours === null) return checkpoint;
  const time = Number(theirs[1]) - Number(ours[1]);
  return time > 0 || (time === 0 && Number(theirs[2]) > Number(ours[2])) ? checkpoint : since;
}

/** The hash list of Tech Against Terrorism. */
export const techAgainstTerrorism: SourceKind<z.infer<typeof settings>, z.infer<typeof credentials>> = {
  kind: 'tech-against-terrorism',
  title: 'Tech Against Terrorism',
  description: 'Hashes of terrorist content that the analysts of Tech Against Terrorism have verified.',
  settings,
  credentials,
  everySeconds: 3_600,
  staleSeconds: 7 * 86_400,
  open: (chosen, given, house) => new TechAgainstTerrorismSource(chosen, given, house),
};

/** Published lists in the XML of NCMEC's hash sharing, version 2, so that its clients can read them. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { VigieError } from '../../errors.js';
import type { Entry } from '../../index/entry.js';
import type { SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import type { MemberOpinion } from '../../storage/publishing/opinion-store.js';
import { NCMEC_NAMESPACE } from '../sources/ncmec/ncmec-environments.js';
import { formatNcmecTime } from '../sources/ncmec/ncmec-times.js';
import { readXml } from '../sources/wire/read-xml.js';

/** Who gives the entries, in the numbers of this exchange: one publisher, whoever contributed to its list. */
export const PUBLISHER_ID = '1';

/** The signals that the exchange has elements for. SHA-256 and frames of videos travel by the native feed only. */
const TAGS: readonly (readonly [SignalTypeName, string])[] = [
  ['md5', 'md5'],
  ['sha1', 'sha1'],
  ['photodna', 'pdna'],
  ['pdq', 'pdq'],
];

/** How a type of fingerprint is called in addresses, with ours. */
export const FEEDBACK_TYPES: ReadonlyMap<string, SignalTypeName> = new Map([
  ['MD5', 'md5'],
  ['SHA1', 'sha1'],
  ['PDNA', 'photodna'],
  ['PDQ', 'pdq'],
]);

const REASONS = [
  'It is not what the list says it is',
  'It cannot be told what it is',
  'It matches unrelated media',
] as const;

/** An entry as a page tells of it, or that it is gone. */
export interface SharedRecord {
  readonly id: string;
  /** Undefined for one that is no longer shared. */
  readonly entry: Entry | undefined;
  readonly video: boolean;
  /** When it last changed. */
  readonly at: Date;
  readonly opinions: readonly MemberOpinion[];
}

/** @param member id and name of who asks */
export function statusXml(member: { readonly id: string; readonly name: string }, address: string): string {
  return document(
    'status',
    `<ipAddress>${escaped(address)}</ipAddress><username>${escaped(member.name)}</username>` +
      `<member id="${sharedMemberId(member.id)}">${escaped(member.name)}</member>`,
  );
}

export function membersXml(list: string): string {
  return document('members', `<member id="${PUBLISHER_ID}">${escaped(list)}</member>`);
}

/** @param type as in addresses, such as MD5 */
export function reasonsXml(type: string): string {
  const reasons = REASONS.map(
    (name) => `<reason guid="${guidOf(type, name)}" name="${escaped(name)}" type="${escaped(type)}"/>`,
  );
  return document('availableFeedbackReasons', reasons.join(''));
}

export function acceptedXml(): string {
  return document('submissionResult', '');
}

/** @param next path below the address of the list; undefined after the last page */
export function pageXml(list: string, records: readonly SharedRecord[], next: string | undefined): string {
  const groups = [false, true].map((video) =>
    groupXml(
      list,
      video,
      records.filter((each) => each.video === video),
    ),
  );
  const paging = next === undefined ? '' : `<paging><next>${escaped(next)}</next></paging>`;
  return document('queryResult', groups.join('') + paging);
}

/**
 * Reads what a member submits.
 * @returns whether it agrees, and when not, why
 * @throws VigieError `request-invalid`
 */
export async function readSubmission(
  body: Uint8Array,
  type: string,
): Promise<{ readonly affirmative: boolean; readonly reason: string | null }> {
  const path: string[] = [];
  const said: string[] = [];
  try {
    await readXml(Readable.from([body]), 'feedbackSubmission', {
      open: (name) => void path.push(name),
      close: (_name, text) => {
        const at = path.join('/');
        path.pop();
        if (at === 'feedbackSubmission/affirmative') said.push('');
        if (at === 'feedbackSubmission/negative/reasonIds/guid') said.push(text ?? 'none');
      },
    });
  } catch (cause) {
    throw new VigieError('request-invalid', { detail: 'this is no feedbackSubmission', cause });
  }
  const [first, ...others] = said;
  if (first === '' && others.length === 0) return { affirmative: true, reason: null };
  // Several reasons are one opinion; the first that we know is kept.
  const reason = REASONS.find((name) => said.includes(guidOf(type, name)));
  if (first === undefined || said.includes('') || reason === undefined) {
    throw new VigieError('request-invalid', { detail: 'either affirmative, or negative with reasons of this list' });
  }
  return { affirmative: false, reason };
}

/** Whether an id can be said in XML at all. */
export function isSayable(id: string): boolean {
  return !/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(id) && id.trim() === id;
}

export function isVideo({ kind, signals }: Pick<Entry, 'kind' | 'signals'>): boolean {
  return /^video/i.test(kind ?? '') || signals.some(({ type }) => type === 'vpdq');
}

/** Clients take no dashes in ids of members, so these are not ours as they are. */
function sharedMemberId(id: string): string {
  return createHash('sha256').update(`member ${id}`).digest('hex').slice(0, 16);
}

function groupXml(list: string, video: boolean, records: readonly SharedRecord[]): string {
  const tag = video ? 'video' : 'image';
  const newest = records.reduce((latest, { at }) => Math.max(latest, at.getTime()), 0);
  const time = records.length === 0 ? '' : ` maxTimestamp="${timeOf(new Date(newest))}"`;
  const all = records.map((record) => recordXml(list, tag, record)).join('');
  return `<${tag}s count="${records.length}"${time}>${all}</${tag}s>`;
}

function recordXml(list: string, tag: 'image' | 'video', { id, entry, at, opinions }: SharedRecord): string {
  const member = `<member id="${PUBLISHER_ID}">${escaped(list)}</member>`;
  const time = `<timestamp>${timeOf(at)}</timestamp>`;
  if (entry === undefined) {
    const deleted = tag === 'image' ? 'deletedImage' : 'deletedVideo';
    return `<${deleted}>${member}<id>${escaped(id)}</id>${time}</${deleted}>`;
  }
  const grade = entry.grade === undefined ? '' : `<classification>${escaped(entry.grade)}</classification>`;
  const prints = TAGS.flatMap(([type, name]) =>
    entry.signals
      .filter((signal) => signal.type === type && signal.active)
      .map(({ value }) => `<${name}>${signalType(type).format(value)}</${name}>`),
  ).join('');
  const feedback = feedbackXml(opinions);
  return `<${tag}>${member}${time}<id>${escaped(id)}</id>${grade}<fingerprints>${prints}</fingerprints>${feedback}</${tag}>`;
}

function feedbackXml(opinions: readonly MemberOpinion[]): string {
  const newest = opinions.at(-1);
  if (newest === undefined) return '';
  const said = opinions.map(({ memberId, affirmative, signal, reason, at }) => {
    const time = timeOf(at);
    const id = sharedMemberId(memberId);
    const members = `<members timestamp="${time}"><member id="${id}"/></members>`;
    const type = TAGS.find(([name]) => name === signal)?.[1] ?? signal;
    const word = `type="${escaped(type[0]?.toUpperCase() + type.slice(1))}" lastUpdateTimestamp="${time}"`;
    if (affirmative) return `<affirmativeFeedback ${word}>${members}</affirmativeFeedback>`;
    const name = reason ?? REASONS[0];
    const reasonXml = `<reason guid="${guidOf(type, name)}" name="${escaped(name)}" type="${escaped(type)}"/>`;
    return `<negativeFeedback ${word}><reasons>${reasonXml}${members}</reasons></negativeFeedback>`;
  });
  return `<feedback lastUpdateTimestamp="${timeOf(newest.at)}">${said.join('')}</feedback>`;
}

/** The same for the same reason on every installation. */
function guidOf(type: string, name: string): string {
  const digest = createHash('sha256').update(`${type.toLowerCase()} ${name}`).digest('hex');
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}

function timeOf(date: Date): string {
  return formatNcmecTime(Math.floor(date.getTime() / 1_000));
}

function document(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<${root} xmlns="${NCMEC_NAMESPACE}">${content}</${root}>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

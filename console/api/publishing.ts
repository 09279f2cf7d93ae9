import { json } from './client.js';

/** A list that members get, and on which terms. */
export interface Publication {
  readonly list: string;
  readonly terms: string;
  readonly reason: string;
  /** Only entries of these; null for all. */
  readonly grades: readonly string[] | null;
  /** Only members of these; null for all. */
  readonly jurisdictions: readonly string[] | null;
  /** So many doubts put an entry before a person. */
  readonly doubts: number;
  readonly by: string;
  readonly since: string;
}

export interface PublicationTerms {
  readonly terms: string;
  readonly reason: string;
  readonly grades?: readonly string[];
  readonly jurisdictions?: readonly string[];
  readonly doubts?: number;
}

export interface Member {
  readonly id: string;
  readonly name: string;
  /** Null for all that are published. */
  readonly lists: readonly string[] | null;
  readonly grades: readonly string[] | null;
  readonly jurisdictions: readonly string[];
  readonly rate: string | null;
  readonly created: string;
  readonly revoked: string | null;
  readonly seen: string | null;
}

export interface NewMember {
  readonly name: string;
  readonly lists?: readonly string[];
  readonly grades?: readonly string[];
  readonly jurisdictions?: readonly string[];
  readonly rate?: string;
}

/** The public half of a key that signs what is published. */
export interface SigningKey {
  readonly id: string;
  readonly publicKey: string;
  readonly created: string;
  readonly until: string | null;
}

/** What a member fed back on an entry. */
export interface MemberOpinion {
  readonly entry: string;
  readonly member: string;
  readonly opinion: 'confirmed' | 'refuted';
  readonly signal: string;
  readonly reason: string | null;
  readonly at: string;
}

const publicationPath = (name: string, rest = ''): string => `/v1/publications/${encodeURIComponent(name)}${rest}`;

export const getPublications = async (signal?: AbortSignal) =>
  (await json<{ publications: readonly Publication[] }>('GET', '/v1/publications', { signal })).publications;

export const publishList = (name: string, terms: PublicationTerms) =>
  json<Publication>('PUT', publicationPath(name), { json: terms });

export const unpublishList = (name: string, reason: string) =>
  json<{ off: true }>('DELETE', publicationPath(name, `?reason=${encodeURIComponent(reason)}`));

export const getOpinions = async (name: string, signal?: AbortSignal) =>
  (await json<{ opinions: readonly MemberOpinion[] }>('GET', publicationPath(name, '/opinions'), { signal })).opinions;

export const getMembers = async (signal?: AbortSignal) =>
  (await json<{ members: readonly Member[] }>('GET', '/v1/members', { signal })).members;

/** @returns the key too, which nobody can be told again */
export const addMember = (member: NewMember) =>
  json<{ member: Member; key: string }>('POST', '/v1/members', { json: member });

export const revokeMember = (id: string) => json<{ revoked: true }>('DELETE', `/v1/members/${encodeURIComponent(id)}`);

export const getSigningKeys = async (signal?: AbortSignal) =>
  (await json<{ keys: readonly SigningKey[] }>('GET', '/v1/publication-keys', { signal })).keys;

export const rotateSigningKey = () =>
  json<{ keys: readonly SigningKey[] }>('POST', '/v1/publication-keys', { json: {} });

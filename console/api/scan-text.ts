import { json } from './client.js';
import type { VerdictWord } from './types.js';

export interface FoundEntry {
  readonly list: string;
  readonly entry: string;
  readonly grade: string | null;
  readonly count: number;
  readonly where: string;
  /** Of an address alone. */
  readonly kind?: 'exact' | 'prefix' | 'host';
}

/** What the lists of addresses and keywords say of a text. */
export interface TextVerdict {
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  readonly links: readonly FoundEntry[];
  readonly linksTotal: number;
  /** Keywords: for people to look at, never a match. */
  readonly review: readonly FoundEntry[];
  readonly reviewTotal: number;
}

export const scanText = (text: string) => json<TextVerdict>('POST', '/v1/scan/text', { json: { text } });

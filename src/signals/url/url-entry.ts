import { normalUrl, urlKey } from './normal-url.js';

/** `exact`: this page; `prefix`: it and all below it; `host`: all of a host and of those below it. */
export const URL_ENTRY_KINDS = ['exact', 'prefix', 'host'] as const;
export type UrlEntryKind = (typeof URL_ENTRY_KINDS)[number];

export interface UrlEntry {
  readonly kind: UrlEntryKind;
  /** Normal form: of a host with its port, of a prefix without a query. */
  readonly key: string;
}

/**
 * Reads an entry of a list of URLs. Without a kind the text tells it: `…/*` is a prefix, a host alone (`*.` before it or
 * not) is a host, all else is exact; `example.org/` with its slash is one page.
 * @returns `malformed` for what is no web address, or a prefix with a query; `too-broad` for a host of one label, such as
 *   a whole top-level domain
 */
export function parseUrlEntry(text: string, wanted?: UrlEntryKind): UrlEntry | 'malformed' | 'too-broad' {
  const starred = /\*\s*$/.test(text);
  const bare = text
    .trim()
    .replace(/\/?\*$/, '')
    .replace(/^((?:https?:)?\/\/)?\*\./i, '$1');
  const url = normalUrl(bare);
  if (url === undefined) return 'malformed';
  const kind = wanted ?? (starred && /[^/]\/\*\s*$/.test(text) ? 'prefix' : kindOf(bare));
  // Nothing but the end of a path may be left open.
  if (starred && kind !== 'prefix') return 'malformed';
  if (kind === 'exact') return { kind, key: urlKey(url) };
  const { host, address, port, path, query } = url;
  if (query !== '' || (kind === 'host' && path !== '')) return 'malformed';
  if (!address && !host.includes('.')) return 'too-broad';
  return { kind, key: `${host}${port}${path}` };
}

function kindOf(text: string): UrlEntryKind {
  const rest = text.replace(/^[a-z]+:/i, '').replace(/^[/\\]+/, '');
  return /[/\\?#]/.test(rest) ? 'exact' : 'host';
}

import { escapeBytes, unescapeBytes } from './percent.js';
import { isTracking } from './tracking-parameters.js';

/** A web address in the one form that all its spellings share. All of it is ASCII. */
export interface NormalUrl {
  /** Lower case, as punycode, without a trailing dot and without `www.`; IPv6 in brackets. */
  readonly host: string;
  /** True when the host is an address and has no part that stands above it. */
  readonly address: boolean;
  /** Whether `www.` was left out of the host. */
  readonly www: boolean;
  /** `:8080`, or empty for 80 and 443. */
  readonly port: string;
  /** Begins with a slash and ends with none; empty for the root. */
  readonly path: string;
  /** Begins with a question mark, in the order of the parameters' text; or empty. */
  readonly query: string;
}

const WEB = /^(?:https?|hxxps?):/i;
const DEFANGED = /^hxxp/i;
const OTHER_SCHEME = /^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:)/i;
const MAPPED_IPV4 = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;
const DOTTED = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Brings a web address into normal form; its host, escapes and addresses are read as browsers do (WHATWG URL). The
 * spellings that become one are listed in docs/url-and-keyword-lists.md. Normal forms stay as they are. Takes time in
 * proportion to the length.
 * @param text with or without `http:` or `https:`, which are one
 * @returns undefined for what no browser would open, and for other schemes
 */
export function normalUrl(text: string): NormalUrl | undefined {
  const url = parse(text.trim());
  if (url === undefined || url.hostname === '') return undefined;
  const host = normalHost(url.hostname);
  if (host.host === '') return undefined;
  // The other scheme's own port is left out as well: the two are one.
  const port = url.port === '' || url.port === '80' || url.port === '443' ? '' : `:${url.port}`;
  return { ...host, port, path: normalPath(url.pathname), query: normalQuery(url.search) };
}

/** The normal form as one text, which reads as an address again. */
export function urlKey({ host, port, path, query }: NormalUrl): string {
  return `${host}${port}${path}${query}`;
}

function parse(text: string): URL | undefined {
  if (!WEB.test(text)) {
    if (OTHER_SCHEME.test(text)) return undefined;
    return tryParse(`http:${text.startsWith('//') ? '' : '//'}${text}`);
  }
  return tryParse(DEFANGED.test(text) ? `http${text.slice(4)}` : text);
}

function tryParse(text: string): URL | undefined {
  try {
    // Lists write addresses so that they cannot be clicked.
    return new URL(text.replaceAll('[.]', '.'));
  } catch {
    return undefined;
  }
}

function normalHost(hostname: string): Pick<NormalUrl, 'host' | 'address' | 'www'> {
  const mapped = MAPPED_IPV4.exec(hostname);
  if (mapped !== null) {
    const [, high = '', low = ''] = mapped;
    const bytes = [high, low].map((part) => Number.parseInt(part, 16)).flatMap((part) => [part >> 8, part & 255]);
    return { host: bytes.join('.'), address: true, www: false };
  }
  if (hostname.startsWith('[')) return { host: hostname, address: true, www: false };
  let host = hostname.replace(/^\.+|\.+$/g, '');
  if (DOTTED.test(host)) return { host, address: true, www: false };
  const whole = host;
  while (host.startsWith('www.') && host.indexOf('.', 4) > 0) host = host.slice(4);
  return { host, address: false, www: host !== whole };
}

function normalPath(pathname: string): string {
  const segments: string[] = [];
  for (const raw of pathname.split('/')) {
    const segment = escapeBytes(unescapeBytes(raw), 'path');
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments.length === 0 ? '' : `/${segments.join('/')}`;
}

function normalQuery(search: string): string {
  if (search.length < 2) return '';
  const parameters: string[] = [];
  for (const raw of search.slice(1).split('&')) {
    const cut = raw.indexOf('=');
    const name = normalPart(cut < 0 ? raw : raw.slice(0, cut));
    const value = cut < 0 ? '' : normalPart(raw.slice(cut + 1));
    if ((name === '' && value === '') || isTracking(name)) continue;
    parameters.push(value === '' ? name : `${name}=${value}`);
  }
  return parameters.length === 0 ? '' : `?${parameters.sort().join('&')}`;
}

function normalPart(raw: string): string {
  return escapeBytes(unescapeBytes(raw, true), 'query');
}

import { isIP } from 'node:net';
import { z } from 'zod';

const FORM = 'an https address without user, query and fragment; http for this machine alone';

/** Where a server of ours or theirs begins, such as `https://example.org/hashsharing`; no slash is needed at its end. */
export const baseUrlSchema = z.string().max(1_024).refine(isBaseUrl, FORM);

/** The same, or nothing. */
export const baseUrlOrNothingSchema = z
  .string()
  .max(1_024)
  .refine((text) => text === '' || isBaseUrl(text), FORM);

/** Credentials are sent there, so that nothing but TLS will do, unless it never leaves the machine. */
function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '' || search !== '' || hash !== '' || /[?#]/.test(text)) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}

/** The same without a slash at its end. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

import { randomBytes } from 'node:crypto';

/** An id that says nothing: 96 random bits, 16 characters that may stand in a URL. */
export function randomId(): string {
  return randomBytes(12).toString('base64url');
}

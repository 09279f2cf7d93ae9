import { randomBytes } from 'node:crypto';

/** An id that says nothing: 96 random bits, 16 characters that may stand in a URL, and that no command takes for an option. */
export function randomId(): string {
  for (;;) {
    const id = randomBytes(12).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const find = (relative: string): string | undefined => {
  try {
    return readFileSync(fileURLToPath(new URL(relative, import.meta.url)), 'utf8');
  } catch {
    return undefined;
  }
};

// The manifest lies one folder up from the sources and two up from what they compile to.
const manifest = find('../package.json') ?? find('../../package.json') ?? '{"version":"0.0.0"}';

export const VERSION = (JSON.parse(manifest) as { version: string }).version;

/**
 * Grows whenever decoding or hashing may give other signals for the same bytes: cached signals and seen records of
 * another engine are not compared with new ones without knowing it.
 */
export const HASHING_REVISION = 1;

export const ENGINE = `vigie-${VERSION}+h${HASHING_REVISION}`;

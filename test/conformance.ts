import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../shared/conformance', import.meta.url));

/** The folder of reference hashes and media, when it lies beside the project. */
export const conformance: string | undefined = existsSync(folder) ? folder : undefined;

/** For the title of a suite that needs it. */
export const conformanceNote = conformance === undefined ? ' (skipped: no ../shared/conformance)' : '';

export function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(`${conformance}/${name}`, 'utf8')) as T;
}

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

/** One picture of pdq.json, as far as tests use it; its README says what each field is. */
export interface PdqVector {
  readonly file: string;
  readonly stored?: boolean;
  readonly decode: 'ok' | 'partial' | 'error';
  readonly width: number;
  readonly height: number;
  readonly pixels_sha256: string;
  readonly pdq: string;
  readonly quality: number;
  readonly dihedral: Readonly<Record<string, string>>;
  readonly tie_sensitive?: boolean;
  readonly oriented?: { readonly width: number; readonly height: number; readonly pdq: string };
}

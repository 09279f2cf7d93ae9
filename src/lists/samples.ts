import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { VigieError } from '../errors.js';
import type { Lists } from './lists.js';

/** The list of generated pictures that comes with Vigie. Its fingerprints are no secret. */
export const SAMPLE_LIST = { name: 'sample', source: 'Vigie: generated pictures' } as const;

/** Both must fit, so that no real list is taken for it by its name alone. */
export function isSample({ name, source }: { readonly name: string; readonly source: string | null }): boolean {
  return name === SAMPLE_LIST.name && source === SAMPLE_LIST.source;
}

export interface Sample {
  readonly name: string;
  readonly title: string;
  readonly expect: 'match' | 'no-match' | 'could-not-tell';
}

/** The folder `samples/` of the package, seen from the sources and from the compiled files. */
function samplesFolder(): string {
  const up = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  return fileURLToPath(new URL(`${up}samples/`, import.meta.url));
}

/** @throws VigieError `file-not-readable` when the samples were not made */
export async function sampleIndex(): Promise<Sample[]> {
  return JSON.parse((await read('samples.json')).toString('utf8')) as Sample[];
}

/** The bytes of one sample. Only a name of the index is a name. */
export async function readSample(name: string): Promise<Buffer> {
  const known = (await sampleIndex()).some((sample) => sample.name === name);
  if (!known) throw new VigieError('not-found', { detail: 'no such sample' });
  return await read(`pictures/${name}`);
}

/** Loads the sample list, for `serve --sample`. */
export async function importSampleList(lists: Lists): Promise<void> {
  const { name, source } = SAMPLE_LIST;
  await lists.import({
    list: name,
    terms: { source, licence: 'Apache-2.0' },
    input: { stream: createReadStream(`${samplesFolder()}sample-list.csv`) },
    sourceName: 'sample-list.csv',
    format: 'csv',
  });
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(samplesFolder() + path);
  } catch (cause) {
    throw new VigieError('file-not-readable', { detail: `samples/${path}`, cause });
  }
}

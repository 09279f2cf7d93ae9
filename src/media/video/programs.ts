import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { guardWords } from '../sandbox.js';

/** Where the programs are with which video is decoded: absolute paths. */
export interface VideoPrograms {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Words before them, so that they end with the process that started them. */
  readonly guard: readonly string[];
}

const USUAL_PLACES = ['/usr/bin', '/usr/local/bin'];

/** What has to be said to have them; for the error, the doctor and the start-up line. */
export const INSTALL_FFMPEG = 'apt-get install -y ffmpeg';

/** @returns undefined when ffmpeg is not installed */
export function findVideoPrograms(
  path = process.env['PATH'] ?? '',
  usual: readonly string[] = USUAL_PLACES,
): VideoPrograms | undefined {
  const places = [...path.split(delimiter).filter((place) => place.startsWith('/')), ...usual];
  for (const place of places) {
    const [ffmpeg, ffprobe] = [join(place, 'ffmpeg'), join(place, 'ffprobe')];
    if (runs(ffmpeg) && runs(ffprobe)) return { ffmpeg, ffprobe, guard: absolute(guardWords(), places) };
  }
  return undefined;
}

function absolute([program, ...rest]: readonly string[], places: readonly string[]): readonly string[] {
  if (program === undefined) return [];
  const found = places.map((place) => join(place, program)).find(runs);
  return found === undefined ? [] : [found, ...rest];
}

function runs(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

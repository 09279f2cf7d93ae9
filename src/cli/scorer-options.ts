import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.js';
import { VigieError } from '../errors.js';
import { baseUrlSchema } from '../net/base-url.js';
import { duration } from './options.js';
import type { ServiceFlags } from './service-options.js';

const TIMEOUT_MS = 10_000;
const SURFACES = ['public', 'private'] as const;
const KINDS = ['image', 'video'] as const;

/** What says whether an outside scorer is asked, and about what. */
export const scorerOptions = (): readonly Option[] => [
  new Option(
    '--scorer-url <url>',
    'ask a classifier about items that no list knows: THEIR MEDIA GO THERE; a score may open a case and nothing else',
  ).env('VIGIE_SCORER_URL'),
  new Option('--scorer-key <file>', 'a file with the key for it; or the key in VIGIE_SCORER_KEY').env(
    'VIGIE_SCORER_KEY_FILE',
  ),
  new Option('--scorer-version <name>', 'which one it is, with its version; kept beside each score').env(
    'VIGIE_SCORER_VERSION',
  ),
  new Option('--scorer-timeout <time>', 'how long a score is waited for; 10 s when left out')
    .env('VIGIE_SCORER_TIMEOUT')
    .argParser(duration),
  new Option('--scorer-surfaces <names>', 'public, private or both with a comma; public when left out')
    .env('VIGIE_SCORER_SURFACES')
    .argParser(someOf(SURFACES)),
  new Option('--scorer-kinds <names>', 'image, video or both with a comma; image when left out')
    .env('VIGIE_SCORER_KINDS')
    .argParser(someOf(KINDS)),
];

function someOf<Word extends string>(words: readonly Word[]): (text: string) => readonly Word[] {
  return (text) => {
    const given = text.split(',').map((each) => each.trim());
    const known = words.filter((each) => given.includes(each));
    if (known.length !== new Set(given).size) throw new InvalidArgumentError(`Give of: ${words.join(', ')}.`);
    return known;
  };
}

/** The key is on no command line: everybody on this machine could read it there. */
export function scorerFrom(flags: ServiceFlags): Config['scorer'] {
  const { scorerUrl: url, scorerVersion: version } = flags;
  if (url === undefined || url === '') return undefined;
  if (!baseUrlSchema.safeParse(url).success) {
    throw new VigieError('usage', { detail: '--scorer-url is not an https address' });
  }
  if (version === undefined || !/^[\w.:/@+-]{1,64}$/.test(version)) {
    throw new VigieError('usage', { detail: '--scorer-url needs --scorer-version, such as scenes-2.1' });
  }
  const { scorerTimeout = TIMEOUT_MS, scorerSurfaces = ['public'], scorerKinds = ['image'] } = flags;
  const key = keyFrom(flags.scorerKey);
  return { url, key, version, timeoutMs: scorerTimeout, surfaces: scorerSurfaces, kinds: scorerKinds };
}

function keyFrom(file: string | undefined): string | undefined {
  let key = process.env['VIGIE_SCORER_KEY'] ?? '';
  try {
    if (file !== undefined) key = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new VigieError('usage', { detail: 'the file with the key of --scorer-url cannot be read', cause });
  }
  if (!/^[\x21-\x7e]*$/.test(key))
    throw new VigieError('usage', { detail: 'the key of --scorer-url has odd characters' });
  return key === '' ? undefined : key;
}

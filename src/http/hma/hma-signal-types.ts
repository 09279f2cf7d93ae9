import { VigieError } from '../../errors.js';
import type { SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { HmaRefusal } from './hma-endpoint.js';

/** Kinds of media as its clients name them. */
export const CONTENT_TYPES = ['photo', 'video'] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

/** Signals that are made of media there, and what of ours they are. */
export const HASHED = { pdq: 'photo', video_md5: 'video' } as const satisfies Record<string, ContentType>;
export type HashedType = keyof typeof HASHED;
export const HASHED_TYPES = Object.keys(HASHED) as readonly HashedType[];

/** Every name by which a signal can be looked up. */
const TYPES: ReadonlyMap<string, SignalTypeName> = new Map<string, SignalTypeName>([
  ['pdq', 'pdq'],
  ['video_md5', 'md5'],
  ['md5', 'md5'],
  ['sha1', 'sha1'],
  ['sha256', 'sha256'],
  ['photodna', 'photodna'],
]);

/** @throws HmaRefusal 400 */
export function ourType(name: string): SignalTypeName {
  const type = TYPES.get(name);
  if (type === undefined) throw new HmaRefusal(400, `No such SignalType '${name}'`);
  return type;
}

/** Name of a signal that was found in a medium. */
export function theirType(type: SignalTypeName, medium: ContentType): string {
  return type === 'md5' && medium === 'video' ? 'video_md5' : type;
}

/** @throws HmaRefusal 400 */
export function contentTypeOf(name: string): ContentType {
  const found = CONTENT_TYPES.find((each) => each === name);
  if (found === undefined) throw new HmaRefusal(400, `no such content_type: '${name}'`);
  return found;
}

/**
 * The signals that a client asks for.
 * @param names with commas; all of the medium when left out
 * @throws HmaRefusal 400
 */
export function selectedTypes(names: string | undefined, medium: ContentType): readonly HashedType[] {
  const ofMedium = HASHED_TYPES.filter((type) => HASHED[type] === medium);
  if (names === undefined) return ofMedium;
  const asked = names.split(',').map((name) => name.trim());
  for (const name of asked) {
    if (!HASHED_TYPES.some((type) => type === name)) {
      throw new HmaRefusal(400, `signal type '${name}' doesn't exist or is disabled`);
    }
  }
  const selected = ofMedium.filter((type) => asked.includes(type));
  if (selected.length === 0) throw new HmaRefusal(400, 'empty signal type selection');
  return selected;
}

/** @param wrong says it in the words of the route @throws HmaRefusal 400 */
export function parseSignal(name: string, value: string, wrong: (reason: string) => string): Uint8Array {
  const type = signalType(ourType(name));
  try {
    return type.parse(value);
  } catch (error) {
    if (!(error instanceof VigieError)) throw error;
    throw new HmaRefusal(400, wrong(type.name === 'pdq' ? 'invalid PDQ hash' : `invalid ${name}`));
  }
}

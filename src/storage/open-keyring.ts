import { readFile } from 'node:fs/promises';
import { VigieError } from '../errors.js';
import { errnoOf, fileError, writeFileDurably } from './durable-file.js';
import { addKeyToFile, type KeyEnvironment, keysFromCommand, keysFromFile, parseKeys } from './key-source.js';
import { Keyring, type KeySource } from './keyring.js';
import { seal, sealedWith, unseal } from './seal.js';

/** What the keyring needs to know of the data directory. */
export interface KeyPlace {
  readonly keyFile: string;
  /** A small sealed file by which a wrong key is told before anything else is touched. */
  readonly canaryFile: string;
  /** Whether sealed data lie here already. */
  holdsSealedData(): Promise<boolean>;
}

const CANARY = { purpose: 'canary', aad: 'vigie' } as const;

/**
 * The keys of this installation: VIGIE_KEY, else VIGIE_KEY_COMMAND, else the key file, which is made at the first
 * start. Keys of a key file stay usable as older keys when the active one comes from elsewhere.
 * @throws VigieError `seal-key-missing`, `seal-key-wrong`, `seal-key-unsafe`, `disk-full`
 */
export async function openKeyring(place: KeyPlace, environment: KeyEnvironment = process.env): Promise<Keyring> {
  const canary = await readCanary(place.canaryFile);
  const keyring = await gather(place, environment, async () => canary !== undefined || (await place.holdsSealedData()));
  if (canary !== undefined) unseal(keyring, canary, CANARY);
  if (canary === undefined || sealedWith(canary) !== keyring.activeId) {
    await writeFileDurably(place.canaryFile, seal(keyring, Buffer.from('open'), CANARY));
  }
  return keyring;
}

/**
 * Looks for the keys and tries them on what is sealed, making and writing nothing.
 * @throws VigieError `seal-key-missing`, `seal-key-wrong`, `seal-key-unsafe`
 */
export async function tryKeys(
  { keyFile, canaryFile }: Pick<KeyPlace, 'keyFile' | 'canaryFile'>,
  environment: KeyEnvironment = process.env,
): Promise<{ readonly keyring: Keyring | undefined; readonly opened: 'canary' | 'nothing' }> {
  const [given, source] = await givenKeys(environment);
  const filed = await keysFromFile(keyFile);
  const canary = await readCanary(canaryFile);
  const opened = canary === undefined ? 'nothing' : 'canary';
  if (given.length + filed.length === 0) return { keyring: undefined, opened };
  const keyring = new Keyring([...given, ...filed], given.length > 0 ? source : 'file');
  if (canary !== undefined) unseal(keyring, canary, CANARY);
  return { keyring, opened };
}

/** Makes a new active key in the key file. What older keys have sealed stays readable. */
export async function rotateKeyFile(place: KeyPlace): Promise<Keyring> {
  const before = await keysFromFile(place.keyFile);
  if (before.length === 0) throw new VigieError('seal-key-missing', { detail: 'there is no key file' });
  const keyring = new Keyring(await addKeyToFile(place.keyFile), 'file');
  await writeFileDurably(place.canaryFile, seal(keyring, Buffer.from('open'), CANARY));
  return keyring;
}

async function gather(place: KeyPlace, environment: KeyEnvironment, sealed: () => Promise<boolean>): Promise<Keyring> {
  const [given, source] = await givenKeys(environment);
  const filed = await keysFromFile(place.keyFile);
  if (given.length > 0) return new Keyring([...given, ...filed], source);
  if (filed.length > 0) return new Keyring(filed, 'file');
  // A new key over data that an old one sealed would hide that they are lost.
  if (await sealed()) throw new VigieError('seal-key-missing');
  return new Keyring(await addKeyToFile(place.keyFile), 'file-created');
}

/** The keys that the environment names, and how. */
export async function givenKeys(environment: KeyEnvironment): Promise<[Uint8Array[], KeySource]> {
  const { VIGIE_KEY: key, VIGIE_KEY_COMMAND: command } = environment;
  if (key !== undefined && key.trim() !== '') return [parseKeys(key, 'VIGIE_KEY'), 'environment'];
  if (command !== undefined && command.trim() !== '') return [await keysFromCommand(command, environment), 'command'];
  return [[], 'environment'];
}

async function readCanary(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown, 'data-dir-unusable');
  }
}

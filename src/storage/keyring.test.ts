import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKeys } from './key-source.js';
import { Keyring } from './keyring.js';
import { type KeyPlace, openKeyring, rotateKeyFile } from './open-keyring.js';
import { seal, unseal } from './seal.js';

const CONTEXT = { purpose: 'test', aad: 'row 1' };
const hex = (): string => randomBytes(32).toString('hex');

describe('the keyring', () => {
  let directory: string;
  let place: KeyPlace;
  let sealedData: boolean;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vigie-keys-'));
    sealedData = false;
    place = {
      keyFile: join(directory, 'keys', 'master.key'),
      canaryFile: join(directory, 'sealed.canary'),
      holdsSealedData: async () => sealedData,
    };
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('makes a key file at the first start and uses it at the next', async () => {
    const first = await openKeyring(place, {});
    expect(first.source).toBe('file-created');
    expect((await stat(place.keyFile)).mode & 0o777).toBe(0o600);
    const sealed = seal(first, Buffer.from('hello'), CONTEXT);
    const second = await openKeyring(place, {});
    expect(second.source).toBe('file');
    expect(Buffer.from(unseal(second, sealed, CONTEXT)).toString()).toBe('hello');
  });

  it('never makes a new key over data that an old one sealed', async () => {
    await openKeyring(place, {});
    await rm(place.keyFile);
    await expect(openKeyring(place, {})).rejects.toMatchObject({ code: 'seal-key-missing' });
    await rm(place.canaryFile);
    sealedData = true;
    await expect(openKeyring(place, {})).rejects.toMatchObject({ code: 'seal-key-missing' });
  });

  it('tells a wrong key before anything is touched', async () => {
    await openKeyring(place, { VIGIE_KEY: hex() });
    const canary = await readFile(place.canaryFile);
    await expect(openKeyring(place, { VIGIE_KEY: hex() })).rejects.toMatchObject({ code: 'seal-key-wrong' });
    expect(await readFile(place.canaryFile)).toEqual(canary);
  });

  it('keeps opening what older keys sealed after a rotation', async () => {
    const before = await openKeyring(place, {});
    const sealed = seal(before, Buffer.from('old'), CONTEXT);
    const after = await rotateKeyFile(place);
    expect(after.activeId).not.toBe(before.activeId);
    expect(unseal(after, sealed, CONTEXT)).toEqual(Uint8Array.from(Buffer.from('old')));
    const reopened = await openKeyring(place, {});
    expect(reopened.ids).toEqual([after.activeId, before.activeId]);
    const elsewhere = await openKeyring(place, { VIGIE_KEY: hex() });
    expect(elsewhere.ids).toHaveLength(3);
  });

  it('takes keys from a command, whose words it never repeats', async () => {
    const key = hex();
    const keyring = await openKeyring(place, { VIGIE_KEY_COMMAND: `echo ${key}` });
    expect(keyring.source).toBe('command');
    expect(keyring.activeId).toBe(new Keyring([Buffer.from(key, 'hex')], 'command').activeId);
    const failing = openKeyring(place, { VIGIE_KEY_COMMAND: 'echo secret; exit 3' });
    await expect(failing).rejects.toMatchObject({ code: 'seal-key-missing', detail: 'VIGIE_KEY_COMMAND ended with 3' });
    await expect(openKeyring(place, { VIGIE_KEY_COMMAND: 'true' })).rejects.toMatchObject({ code: 'seal-key-missing' });
  });

  it('refuses a key file that others may read, and keys of another length', async () => {
    await openKeyring(place, {});
    await chmod(place.keyFile, 0o640);
    await expect(openKeyring(place, {})).rejects.toMatchObject({ code: 'seal-key-unsafe' });
    await chmod(place.keyFile, 0o600);
    await writeFile(place.keyFile, 'abc');
    await expect(openKeyring(place, {})).rejects.toMatchObject({ code: 'seal-key-unsafe' });
  });

  it('reads hexadecimal and base64', () => {
    const key = randomBytes(32);
    const text = `# comment\n${key.toString('hex').toUpperCase()}, ${key.toString('base64')}\n${key.toString('base64url')}`;
    expect(parseKeys(text, 'test').map((parsed) => Buffer.from(parsed).equals(key))).toEqual([true, true, true]);
  });

  it('gives each purpose and salt a key of its own', () => {
    const keyring = new Keyring([randomBytes(32)], 'environment');
    const keys = [
      keyring.subkey('a'),
      keyring.subkey('b'),
      keyring.subkey('a', { salt: Buffer.from('s') }),
      new Keyring([randomBytes(32)], 'environment').subkey('a'),
    ].map((key) => key.toString('hex'));
    expect(new Set(keys).size).toBe(4);
    expect(keyring.subkey('a').toString('hex')).toBe(keys[0]);
  });
});

describe('a small sealed value', () => {
  const keyring = new Keyring([randomBytes(32)], 'environment');
  const sealed = seal(keyring, Buffer.from('value'), CONTEXT);

  it('opens only whole, in its context and under its key', () => {
    const damaged = expect.objectContaining({ code: 'seal-damaged' });
    expect(() => unseal(keyring, sealed, { ...CONTEXT, aad: 'row 2' })).toThrow(damaged);
    expect(() => unseal(keyring, sealed, { ...CONTEXT, purpose: 'other' })).toThrow(damaged);
    expect(() => unseal(keyring, sealed.subarray(0, -1), CONTEXT)).toThrow(damaged);
    expect(() => unseal(keyring, new Uint8Array(3), CONTEXT)).toThrow(damaged);
    for (const at of [12, 22, sealed.byteLength - 1]) {
      const changed = sealed.slice();
      changed[at]! ^= 1;
      expect(() => unseal(keyring, changed, CONTEXT)).toThrow(damaged);
    }
    const stranger = new Keyring([randomBytes(32)], 'environment');
    expect(() => unseal(stranger, sealed, CONTEXT)).toThrow(expect.objectContaining({ code: 'seal-key-wrong' }));
  });
});

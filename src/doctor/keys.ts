import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import { tryKeys } from '../storage/open-keyring.js';
import { askService } from './ask-service.js';
import type { Finding } from './finding.js';

const what = 'key';

/** Where the keys come from, and whether they open what is sealed here. Makes none. */
export async function keys(dataDir: string): Promise<readonly Finding[]> {
  const keyFile = join(dataDir, 'keys', 'master.key');
  const canaryFile = join(dataDir, 'sealed.canary');
  try {
    const { keyring, opened } = await tryKeys({ keyFile, canaryFile });
    if (keyring === undefined) {
      return [
        opened === 'nothing'
          ? { what, state: 'good', found: 'made at the first start' }
          : { what, state: 'bad', found: 'the key is missing', remedy: 'Restore keys/master.key, or set VIGIE_KEY.' },
      ];
    }
    const from = FROM[keyring.source] ?? keyring.source;
    const mode = keyring.source === 'file' ? `, mode 0${((await stat(keyFile)).mode & 0o777).toString(8)}` : '';
    const does = opened === 'canary' ? 'opens what is sealed here' : 'nothing is sealed here yet';
    const several = keyring.ids.length > 1 ? `, ${keyring.ids.length - 1} older` : '';
    return [
      { what, state: 'good', found: `${from}${mode}${several}; ${does}; keep a copy apart from the data` },
      ...(keyring.ids.length > 1 ? [await olderKeys(dataDir)] : []),
    ];
  } catch (thrown) {
    const { message, remedy } = VigieError.from(thrown);
    return [{ what, state: 'bad', found: message, remedy }];
  }
}

const FROM: Readonly<Record<string, string>> = {
  environment: 'from VIGIE_KEY',
  command: 'from VIGIE_KEY_COMMAND',
  file: 'in the key file',
};

interface Told {
  readonly keys: readonly {
    readonly active: boolean;
    readonly here: boolean;
    readonly rows: number;
    readonly files: number;
  }[];
}

/** Only the service knows what is sealed under which key; it is asked, where one runs. */
async function olderKeys(dataDir: string): Promise<Finding> {
  const older = 'key: older ones';
  const told = await askService<Told>(dataDir, '/v1/seal-keys').catch(() => undefined);
  if (told === undefined)
    return { what: older, state: 'good', found: 'whether they are needed the running service knows' };
  const lost = told.keys.filter(({ here }) => !here);
  if (lost.length > 0) {
    const rows = lost.reduce((sum, each) => sum + each.rows + each.files, 0);
    return {
      what: older,
      state: 'bad',
      found: `${rows} values or files need a key that is not here`,
      remedy: 'Put it back behind the active one.',
    };
  }
  const [rows, files] = told.keys
    .filter(({ active }) => !active)
    .reduce<[number, number]>((sum, each) => [sum[0] + each.rows, sum[1] + each.files], [0, 0]);
  return rows + files === 0
    ? {
        what: older,
        state: 'good',
        found: 'nothing needs them any more: they may be let go, once no backup needs them',
      }
    : { what: older, state: 'good', found: `still needed by ${rows} values and ${files} files` };
}

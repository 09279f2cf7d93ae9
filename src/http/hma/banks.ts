import { VigieError } from '../../errors.js';
import { isBankName } from '../../lists/banks/bank-names.js';
import type { StoredBank } from '../../storage/banks/bank-store.js';
import { objectOf, optionalBoolean, optionalNumber, optionalText, textField } from './fields.js';
import { type HmaCall, type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { PythonFloat } from './python-json.js';

export function shownBank({ name, ratio }: Pick<StoredBank, 'name' | 'ratio'>) {
  return { matching_enabled_ratio: new PythonFloat(ratio), name };
}

/** @throws HmaRefusal 404 */
export async function bankOf({ params, services }: Pick<HmaCall, 'params' | 'services'>): Promise<StoredBank> {
  const { bank: name = '' } = params;
  const bank = await services.banks.find(name);
  if (bank === undefined) throw new HmaRefusal(404, `bank '${name.slice(0, 255)}' not found`);
  return bank;
}

/** @throws HmaRefusal 400 */
function assertName(name: string): void {
  if (!isBankName(name)) throw new HmaRefusal(400, 'Bank names must be UPPER_WITH_UNDERSCORE');
}

/** The share that a body asks for. @throws HmaRefusal 400 */
function ratioOf(body: Readonly<Record<string, unknown>>): number | undefined {
  const [ratio, enabled] = [optionalNumber(body, 'enabled_ratio'), optionalBoolean(body, 'enabled')];
  if (ratio === undefined) return enabled === undefined ? undefined : Number(enabled);
  if (!(ratio >= 0 && ratio <= 1)) throw new HmaRefusal(400, 'enabled_ratio must be between 0 and 1');
  return ratio;
}

export const listBanks: HmaEndpoint = {
  method: 'GET',
  url: '/c/banks',
  scope: 'lists:read',
  handle: async ({ services }) => json((await services.banks.ls()).map(shownBank)),
};

export const createBank: HmaEndpoint = {
  method: 'POST',
  url: '/c/banks',
  scope: 'lists:write',
  handle: async ({ body, request, services }) => {
    const fields = objectOf(body, request.headers['content-type']);
    const name = textField(fields, 'name');
    assertName(name);
    const bank = await services.banks.create(name, ratioOf(fields) ?? 1);
    if (bank === undefined) throw new HmaRefusal(403, 'Bank already exists');
    return json(shownBank(bank), 201);
  },
};

export const getBank: HmaEndpoint = {
  method: 'GET',
  url: '/c/bank/:bank',
  scope: 'lists:read',
  handle: async (call) => json(shownBank(await bankOf(call))),
};

export const changeBank: HmaEndpoint = {
  method: 'PUT',
  url: '/c/bank/:bank',
  scope: 'lists:write',
  handle: async ({ params, body, request, services }) => {
    const fields = objectOf(body, request.headers['content-type']);
    const [name, ratio] = [optionalText(fields, 'name'), ratioOf(fields)];
    if (name !== undefined) assertName(name);
    const bank = await services.banks.find(params['bank'] ?? '');
    if (bank === undefined) throw new HmaRefusal(404, 'Bank not found');
    if (name !== undefined && name !== bank.name && !(await services.banks.rename(bank, name))) {
      throw new HmaRefusal(403, 'Bank name already exists');
    }
    if (ratio !== undefined && ratio !== bank.ratio) await services.banks.setRatio(bank, ratio);
    return json(shownBank({ name: name ?? bank.name, ratio: ratio ?? bank.ratio }));
  },
};

export const deleteBank: HmaEndpoint = {
  method: 'DELETE',
  url: '/c/bank/:bank',
  scope: 'lists:write',
  handle: async ({ params, services }) => {
    const bank = await services.banks.find(params['bank'] ?? '');
    try {
      if (bank !== undefined) await services.banks.remove(bank);
    } catch (error) {
      if (!(error instanceof VigieError) || error.code !== 'list-has-source') throw error;
      throw new HmaRefusal(403, 'The bank belongs to an exchange: delete that');
    }
    return json({ message: 'Done' });
  },
};

import { VigieError } from '../../errors.js';
import { isBankName } from '../../lists/banks/bank-names.js';
import type { ShownSource } from '../../lists/sync/sources.js';
import { credentialsOf, EXCHANGE_APIS, settingsOf } from './exchange-apis.js';
import { isObject, objectOf, optionalBoolean } from './fields.js';
import { type HmaCall, type HmaEndpoint, HmaFieldWrong, HmaRefusal, json } from './hma-endpoint.js';

/** A source of ours by the name of its bank. */
interface Exchange {
  readonly name: string;
  readonly source: ShownSource;
}

async function exchangesOf({ banks, sources }: HmaCall['services']): Promise<readonly Exchange[]> {
  const fed = new Map((await sources.ls()).map((source) => [source.listId, source]));
  return (await banks.ls()).flatMap(({ name, listId }) => {
    const source = fed.get(listId);
    return source === undefined ? [] : [{ name, source }];
  });
}

/** @throws HmaRefusal 404 */
async function exchangeOf({ params, services }: HmaCall): Promise<Exchange> {
  const { exchange: name = '' } = params;
  const found = (await exchangesOf(services)).find((each) => each.name === name);
  if (found === undefined) throw new HmaRefusal(404, `Exchange '${name.slice(0, 255)}' not found`);
  return found;
}

function shown({ name, source }: Exchange) {
  const { kind, enabled, settings } = source;
  const api = EXCHANGE_APIS.find((each) => each.kind === kind);
  const config = api !== undefined && isObject(settings) ? api.configOf(settings) : {};
  return { name, api: api?.name ?? kind, enabled, ...config, credential_status: CREDENTIALS };
}

/** No source of ours is without the credentials that its kind needs. */
const CREDENTIALS = { has_credentials: true, has_own_credentials: true };

export const listExchanges: HmaEndpoint = {
  method: 'GET',
  url: '/c/exchanges',
  scope: 'lists:read',
  handle: async ({ services }) => json((await exchangesOf(services)).map(({ name }) => name)),
};

export const createExchange: HmaEndpoint = {
  method: 'POST',
  url: '/c/exchanges',
  scope: 'sources:write',
  handle: async ({ body, request, services, principal }) => {
    const fields = objectOf(body, request.headers['content-type']);
    const { bank, api: apiName, api_json: config = {}, credential_json: given } = fields;
    if (typeof bank !== 'string') throw new HmaRefusal(400, 'bank is required');
    if (!isBankName(bank)) throw new HmaRefusal(400, 'Field `bank` must match /^[A-Z_][A-Z0-9_]*$/');
    if (typeof apiName !== 'string') throw new HmaRefusal(400, 'Field `api_type` is required');
    const api = EXCHANGE_APIS.find(({ name }) => name === apiName);
    if (api === undefined) throw new HmaRefusal(400, 'No such exchange type');
    if (!isObject(config)) throw new HmaRefusal(400, 'Field `api_json` must be object');
    const settings = settingsOf(api, config);
    if (given !== undefined && given !== null && !isObject(given)) {
      throw new HmaRefusal(400, 'Field `credential_json` must be object');
    }
    const own = isObject(given) && Object.keys(given).length > 0 ? credentialsOf(api, given) : undefined;
    const credentials = own ?? (await services.banks.credentials(api.name));
    if (credentials === undefined) throw new HmaRefusal(400, `No credentials are set for '${api.name}'`);
    if ((await services.banks.find(bank)) !== undefined) throw new HmaRefusal(403, 'Bank already exists');
    const list = await services.banks.freeListName(bank);
    try {
      await services.sources.add({ name: list, list, kind: api.kind, settings, credentials }, principal.id);
    } catch (error) {
      if (!(error instanceof VigieError) || error.code !== 'source-settings-invalid') throw error;
      throw new HmaRefusal(400, `Failed to parse \`api_json\` - ${error.detail ?? 'invalid'}`);
    }
    await services.banks.nameList(list, bank);
    return json({ message: 'Created successfully' }, 201);
  },
};

export const getExchange: HmaEndpoint = {
  method: 'GET',
  url: '/c/exchange/:exchange',
  scope: 'lists:read',
  handle: async (call) => json(shown(await exchangeOf(call)), 200, { sortKeys: false, indent: 2 }),
};

export const changeExchange: HmaEndpoint = {
  method: 'PUT',
  url: '/c/exchange/:exchange',
  scope: 'sources:write',
  handle: async (call) => {
    const fields = objectOf(call.body, call.request.headers['content-type']);
    const enabled = optionalBoolean(fields, 'enabled');
    if (enabled === undefined) throw new HmaFieldWrong('enabled', 'missing', fields);
    const { name, source } = await exchangeOf(call);
    const changed = await call.services.sources.change(source.name, { enabled }, call.principal.id);
    return json(shown({ name, source: changed }), 200, { sortKeys: false, indent: 2 });
  },
};

/** Credentials of one exchange. */
export const setExchangeCredentials: HmaEndpoint = {
  method: 'POST',
  url: '/c/exchange/:exchange/credentials',
  scope: 'sources:write',
  handle: async (call) => {
    const { credential_json: given } = objectOf(call.body, call.request.headers['content-type']);
    const { source } = await exchangeOf(call);
    const api = EXCHANGE_APIS.find(({ kind }) => kind === source.kind);
    if (api === undefined || !isObject(given)) throw new HmaRefusal(400, 'Field `credential_json` must be object');
    const credentials = credentialsOf(api, given);
    await call.services.sources.change(source.name, { credentials }, call.principal.id);
    return json(CREDENTIALS);
  },
};

/** With its bank, and what it has told. */
export const deleteExchange: HmaEndpoint = {
  method: 'DELETE',
  url: '/c/exchange/:exchange',
  scope: 'sources:write',
  handle: async ({ params, services, principal }) => {
    const found = (await exchangesOf(services)).find(({ name }) => name === params['exchange']);
    if (found !== undefined) await services.sources.remove(found.source.name, { withList: true }, principal.id);
    return json({ message: 'Exchange deleted' });
  },
};

export const exchangeStatus: HmaEndpoint = {
  method: 'GET',
  url: '/c/exchange/:exchange/status',
  scope: 'lists:read',
  handle: async (call) => {
    const { source } = await exchangeOf(call);
    const { state, counts, changedAt, triedAt, syncing, lastError } = source;
    return json({
      checkpoint_ts: seconds(changedAt),
      fetched_items: counts.added + counts.returned - counts.removed,
      last_fetch_complete_ts: syncing ? null : seconds(triedAt),
      last_fetch_succeeded: triedAt === null ? null : lastError === null,
      running_fetch_start_ts: syncing ? seconds(triedAt ?? source.now) : null,
      up_to_date: state === 'up-to-date',
    });
  },
};

function seconds(at: Date | null): number | null {
  return at === null ? null : Math.floor(at.getTime() / 1_000);
}

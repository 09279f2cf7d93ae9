import { credentialsOf, EXCHANGE_APIS, type ExchangeApi } from './exchange-apis.js';
import { isObject, objectOf } from './fields.js';
import { type HmaCall, type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';

/** @throws HmaRefusal */
function apiOf({ params }: Pick<HmaCall, 'params'>, status: 400 | 404): ExchangeApi {
  const api = EXCHANGE_APIS.find(({ name }) => name === params['api']);
  if (api === undefined) throw new HmaRefusal(status, 'No such exchange type');
  return api;
}

async function authentication({ services }: HmaCall, api: ExchangeApi) {
  const credentials = await services.banks.credentials(api.name);
  return { has_set_authentification: credentials !== undefined, supports_authentification: true };
}

export const exchangeApis: HmaEndpoint = {
  method: 'GET',
  url: '/c/exchanges/apis',
  scope: 'lists:read',
  handle: () => json(EXCHANGE_APIS.map(({ name }) => name)),
};

export const exchangeApi: HmaEndpoint = {
  method: 'GET',
  url: '/c/exchanges/api/:api',
  scope: 'lists:read',
  handle: async (call) => json(await authentication(call, apiOf(call, 400))),
};

/** Credentials for every exchange of a kind that is made from now on. */
export const setExchangeApi: HmaEndpoint = {
  method: 'POST',
  url: '/c/exchanges/api/:api',
  scope: 'sources:write',
  handle: async (call) => {
    const api = apiOf(call, 400);
    const { credential_json: given } = objectOf(call.body, call.request.headers['content-type']);
    if (!isObject(given)) throw new HmaRefusal(400, 'Field `credential_json` must be object');
    const credentials = Object.keys(given).length === 0 ? undefined : credentialsOf(api, given);
    await call.services.banks.setCredentials(api.name, credentials);
    return json(await authentication(call, api));
  },
};

export const exchangeApiSchema: HmaEndpoint = {
  method: 'GET',
  url: '/c/exchanges/api/:api/schema',
  scope: 'lists:read',
  handle: (call) => {
    const { config, credentials } = apiOf(call, 404);
    return json({ config_schema: { fields: config }, credentials_schema: { fields: credentials } });
  },
};

import { addContent, addSignal } from './add-content.js';
import { changeBank, createBank, deleteBank, getBank, listBanks } from './banks.js';
import { compare } from './compare.js';
import { changeContent, deleteContent, getContent } from './content.js';
import { exchangeApi, exchangeApiSchema, exchangeApis, setExchangeApi } from './exchange-api.js';
import {
  changeExchange,
  createExchange,
  deleteExchange,
  exchangeStatus,
  getExchange,
  listExchanges,
  setExchangeCredentials,
} from './exchanges.js';
import { hashByUrl, hashFile } from './hash.js';
import { type HmaEndpoint, json } from './hma-endpoint.js';
import { indexStatus, signalTypeIndex } from './index-status.js';
import { lookupFile, lookupSignalOrUrl } from './lookup.js';
import { rawLookup } from './raw-lookup.js';
import { home, live, status } from './status.js';
import { contentTypes, setSignalType, signalTypes } from './types.js';

const ROUTES: readonly HmaEndpoint[] = [
  home,
  status,
  live,
  hashByUrl,
  hashFile,
  rawLookup,
  lookupSignalOrUrl,
  lookupFile,
  indexStatus,
  compare,
  listBanks,
  createBank,
  getBank,
  changeBank,
  deleteBank,
  addContent,
  addSignal,
  getContent,
  changeContent,
  deleteContent,
  exchangeApis,
  exchangeApi,
  setExchangeApi,
  exchangeApiSchema,
  listExchanges,
  createExchange,
  getExchange,
  changeExchange,
  deleteExchange,
  setExchangeCredentials,
  exchangeStatus,
  signalTypes,
  setSignalType,
  signalTypeIndex,
  contentTypes,
];

/** How the rules of routes are written there. */
const PARAMETERS: Readonly<Record<string, string>> = {
  bank: '<bank_name>',
  content: '<int:content_id>',
  exchange: '<string:exchange_name>',
  api: '<string:api_name>',
  name: '<signal_type_name>',
};

const siteMap: HmaEndpoint = {
  method: 'GET',
  url: '/site-map',
  scope: 'public',
  handle: () => {
    const rules = [...ROUTES, siteMap].map(({ url }) =>
      url.replace(/:(\w+)/g, (_, name: string) => PARAMETERS[name] ?? `<${name}>`),
    );
    return json([...new Set(rules)].sort());
  },
};

/** Every route of the compatible interface. */
export const HMA_ENDPOINTS: readonly HmaEndpoint[] = [...ROUTES, siteMap];

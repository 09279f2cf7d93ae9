import { NCMEC_ENVIRONMENTS } from '../../lists/sources/ncmec/ncmec-environments.js';
import { HmaRefusal } from './hma-endpoint.js';

/** A field as forms are made from it there. */
export interface SchemaField {
  readonly name: string;
  readonly type: 'string' | 'number' | 'enum' | 'set_of_number';
  readonly required: boolean;
  readonly default: string | readonly number[] | null;
  readonly help: string;
  readonly choices: readonly string[] | null;
}

/** A kind of exchange there, and what it is of ours. */
export interface ExchangeApi {
  readonly name: string;
  /** Kind of our sources. */
  readonly kind: string;
  readonly config: readonly SchemaField[];
  readonly credentials: readonly SchemaField[];
  /** Their config as settings of ours. @throws HmaRefusal 400 */
  settings(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Settings of ours as their config. */
  configOf(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Their credentials as ours, once all that is required is there. */
  credentialsOf(given: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

const required = (name: string, type: SchemaField['type'], help: string): SchemaField => ({
  ...{ name, type, help, required: true, default: null, choices: null },
});

const ncmec: ExchangeApi = {
  name: 'ncmec',
  kind: 'ncmec',
  config: [
    {
      ...required('environment', 'enum', 'which database to connect to'),
      choices: Object.values(NCMEC_ENVIRONMENTS),
    },
    {
      ...{ name: 'only_esp_ids', type: 'set_of_number', required: false, default: [], choices: null },
      help: 'only take entries of these members',
    },
  ],
  credentials: [required('user', 'string', 'user name'), required('password', 'string', 'password')],
  settings: ({ environment, only_esp_ids: members = [] }) => {
    const name = Object.entries(NCMEC_ENVIRONMENTS).find(([, url]) => url === environment)?.[0];
    if (name === undefined) throw unparsed('invalid value for field "environment"');
    if (!Array.isArray(members)) throw unparsed('invalid value for field "only_esp_ids"');
    return { environment: name, onlyMembers: members.map(String) };
  },
  configOf: ({ environment, onlyMembers }) => ({
    environment: Object.entries(NCMEC_ENVIRONMENTS).find(([name]) => name === environment)?.[1] ?? null,
    only_esp_ids: Array.isArray(onlyMembers)
      ? onlyMembers.map((id) => (/^\d+$/.test(String(id)) ? Number(id) : id))
      : [],
  }),
  credentialsOf: ({ user = '', password = '' }) => ({ username: user, password }),
};

const stopNcii: ExchangeApi = {
  name: 'stop_ncii',
  kind: 'stopncii',
  config: [],
  credentials: [
    required('function_key', 'string', 'key of the function'),
    required('subscription_key', 'string', 'key of the subscription'),
  ],
  settings: () => ({}),
  configOf: () => ({}),
  credentialsOf: ({ function_key: fetchKey = '', subscription_key: subscriptionKey = '' }) => ({
    fetchKey,
    subscriptionKey,
  }),
};

const threatExchange: ExchangeApi = {
  name: 'fb_threatexchange',
  kind: 'threatexchange',
  config: [required('privacy_group', 'number', 'id of the privacy group')],
  credentials: [required('api_token', 'string', 'access token of the app')],
  settings: ({ privacy_group: group }) => {
    if (!/^[0-9]{1,32}$/.test(String(group))) throw unparsed('invalid value for field "privacy_group"');
    return { privacyGroup: String(group) };
  },
  configOf: ({ privacyGroup }) => {
    const group = Number(privacyGroup);
    return { privacy_group: Number.isSafeInteger(group) ? group : privacyGroup };
  },
  credentialsOf: ({ api_token: appToken = '' }) => ({ appToken }),
};

const tat: ExchangeApi = {
  name: 'tat',
  kind: 'tech-against-terrorism',
  config: [],
  credentials: [required('username', 'string', 'user name'), required('password', 'string', 'password')],
  settings: () => ({}),
  configOf: () => ({}),
  credentialsOf: ({ username = '', password = '' }) => ({ username, password }),
};

export const EXCHANGE_APIS: readonly ExchangeApi[] = [threatExchange, ncmec, stopNcii, tat];

/**
 * Settings of ours from a config of theirs. Beside the fields of the schema `base_url` is taken: another server that
 * speaks the same.
 * @throws HmaRefusal 400
 */
export function settingsOf(api: ExchangeApi, config: Readonly<Record<string, unknown>>) {
  const { base_url: baseUrl, ...rest } = config;
  for (const { name, required: needed } of api.config) {
    if (needed && (rest[name] === undefined || rest[name] === null)) {
      throw unparsed(`missing value for field "${name}"`);
    }
  }
  const other = Object.keys(rest).find((key) => !api.config.some(({ name }) => name === key));
  if (other !== undefined) throw unparsed(`unknown field "${other.slice(0, 64)}"`);
  return { ...api.settings(rest), ...(typeof baseUrl === 'string' ? { baseUrl } : {}) };
}

/** @throws HmaRefusal 400 naming the field, never what is in it */
export function credentialsOf(api: ExchangeApi, given: Readonly<Record<string, unknown>>) {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!api.credentials.some((field) => field.name === name) || typeof value !== 'string') {
      throw new HmaRefusal(400, `Failed to parse \`credential_json\` - wrong field "${name.slice(0, 64)}"`);
    }
    texts[name] = value;
  }
  for (const { name } of api.credentials) {
    if (texts[name] === undefined || texts[name] === '') {
      throw new HmaRefusal(400, `Failed to parse \`credential_json\` - missing value for field "${name}"`);
    }
  }
  return api.credentialsOf(texts);
}

function unparsed(why: string): HmaRefusal {
  return new HmaRefusal(400, `Failed to parse \`api_json\` - ${why}`);
}

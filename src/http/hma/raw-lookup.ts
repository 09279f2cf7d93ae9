import { bankChoice, byBank } from './bank-matches.js';
import { isTrue, textField } from './fields.js';
import { type HmaEndpoint, json } from './hma-endpoint.js';
import { lookUp } from './look-up.js';

export const rawLookup: HmaEndpoint = {
  method: 'GET',
  url: '/m/raw_lookup',
  scope: 'lookup',
  quota: 'lookup',
  handle: async (call) => {
    const { query, services, principal } = call;
    const signal = textField(query, 'signal');
    const type = textField(query, 'signal_type');
    const choice = { ...bankChoice(query, true) };
    const matches = await lookUp(call, type, signal, { unsampled: true });
    const found = Object.values(await byBank(services, matches, choice, principal)).flat();
    const detailed = isTrue(query['include_distance']);
    return json({ matches: detailed ? found : found.map(({ bank_content_id: id }) => id) });
  },
};

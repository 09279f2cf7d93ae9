import { authorise } from '../authenticate.js';
import { bankChoice, byBank } from './bank-matches.js';
import { isTrue } from './fields.js';
import { fetched } from './hash-medium.js';
import { type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { contentTypeOf } from './hma-signal-types.js';
import { lookUp } from './look-up.js';
import { NO_FILE, readFile } from './read-file.js';
import { scanMedium } from './scan-medium.js';

/** A signal, or what lies at a URL. */
export const lookupSignalOrUrl: HmaEndpoint = {
  method: 'GET',
  url: '/m/lookup',
  scope: 'lookup',
  quota: 'lookup',
  handle: async (call) => {
    const { query, services, principal } = call;
    const { url, signal, signal_type: type, content_type: hint, bypass_coinflip: bypass } = query;
    const choice = bankChoice(query, isTrue(bypass));
    if (url !== undefined) {
      authorise(principal, 'scan');
      services.rates.admit(principal, 'scan');
      const medium = hint === undefined ? undefined : contentTypeOf(hint);
      const answer = await scanMedium(call, choice, medium, (request) =>
        fetched(() => services.scanner.scanUrl(url, request)),
      );
      return json(type === undefined ? answer : (answer[type] ?? {}));
    }
    if (signal === undefined || type === undefined) {
      throw new HmaRefusal(400, 'Either url or both signal and signal_type are required');
    }
    const matches = await lookUp(call, type, signal, { unsampled: choice.ratio !== undefined });
    return json(await byBank(services, matches, choice, principal));
  },
};

export const lookupFile: HmaEndpoint = {
  method: 'POST',
  url: '/m/lookup',
  scope: 'scan',
  quota: 'scan',
  handle: async (call) => {
    const choice = bankChoice(call.query, isTrue(call.query['bypass_coinflip']));
    const form = await readFile(call.request, (file, medium) =>
      scanMedium(call, choice, medium, (request) => call.services.scanner.scan(file, request)),
    );
    if (form === undefined) throw new HmaRefusal(400, NO_FILE);
    return json(form.used);
  },
};

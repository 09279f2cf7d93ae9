import { hashMedium, hashUrl } from './hash-medium.js';
import { type HmaEndpoint, HmaFieldWrong, HmaRefusal, json } from './hma-endpoint.js';
import { selectedTypes } from './hma-signal-types.js';
import { NO_FILE, readFile } from './read-file.js';

export const hashByUrl: HmaEndpoint = {
  method: 'GET',
  url: '/h/hash',
  scope: 'scan',
  quota: 'scan',
  handle: async (call) => {
    const { url } = call.query;
    if (url === undefined) throw new HmaFieldWrong('url', 'missing', call.query);
    return json(await hashUrl(call, url));
  },
};

export const hashFile: HmaEndpoint = {
  method: 'POST',
  url: '/h/hash',
  scope: 'scan',
  quota: 'scan',
  handle: async (call) => {
    const form = await readFile(call.request, (file, medium) =>
      hashMedium(call, file, medium, selectedTypes(call.query['types'], medium)),
    );
    if (form === undefined) throw new HmaRefusal(400, NO_FILE);
    return json(form.used);
  },
};

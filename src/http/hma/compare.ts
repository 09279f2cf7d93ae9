import { signalType } from '../../signals/signal-types.js';
import { objectOf } from './fields.js';
import { type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { ourType, parseSignal } from './hma-signal-types.js';

export const compare: HmaEndpoint = {
  method: 'POST',
  url: '/m/compare',
  scope: 'lookup',
  quota: 'lookup',
  handle: ({ body, request }) => {
    const answer: Record<string, unknown> = {};
    for (const [name, pair] of Object.entries(objectOf(body, request.headers['content-type']))) {
      const type = signalType(ourType(name));
      if (!Array.isArray(pair)) throw new HmaRefusal(400, `Comparison hashes for ${name} was not a list`);
      if (pair.length !== 2) throw new HmaRefusal(400, 'Comparison hash list length must be exactly 2');
      const [a, b] = pair.map((each) =>
        parseSignal(name, String(each), (reason) => `Invalid ${name} hash: ${reason}`),
      ) as [Uint8Array, Uint8Array];
      const distance = type.distance(a, b);
      answer[name] = [distance <= type.defaultThreshold, { distance }];
    }
    return json(answer);
  },
};

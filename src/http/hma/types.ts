import { objectOf } from './fields.js';
import { type HmaEndpoint, HmaFieldWrong, HmaRefusal, json, text } from './hma-endpoint.js';
import { CONTENT_TYPES, HASHED_TYPES } from './hma-signal-types.js';
import { PythonFloat } from './python-json.js';

export const signalTypes: HmaEndpoint = {
  method: 'GET',
  url: '/c/signal_type',
  scope: 'lists:read',
  handle: () => json(HASHED_TYPES.map((name) => ({ enabled_ratio: new PythonFloat(1), name }))),
};

/** All types are always looked at: saying so again changes nothing, and anything else is refused. */
export const setSignalType: HmaEndpoint = {
  method: 'PUT',
  url: '/c/signal_type/:name',
  scope: 'lists:write',
  handle: ({ params, body, request }) => {
    const { name = '' } = params;
    if (!HASHED_TYPES.some((each) => each === name)) throw new HmaRefusal(400, `No such SignalType '${name}'`);
    const { enabled_ratio: ratio } = objectOf(body, request.headers['content-type']);
    if (typeof ratio !== 'number') throw new HmaFieldWrong('enabled_ratio', 'float_type', ratio);
    if (ratio !== 1) throw new HmaRefusal(400, 'signal types are always enabled; a bank has a ratio of its own');
    return text('', 204);
  },
};

export const contentTypes: HmaEndpoint = {
  method: 'GET',
  url: '/c/content_type',
  scope: 'lists:read',
  handle: () => json(CONTENT_TYPES.map((name) => ({ enabled: true, name }))),
};

import type { Services } from '../services.js';
import { type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { HASHED_TYPES, type HashedType, ourType } from './hma-signal-types.js';

/** Of one type of signal: how many are matched, and when the newest of them came, seconds since 1970; -1 for never. */
interface IndexState {
  readonly size: number;
  readonly newest: number;
}

async function stateOf({ lists }: Services, name: HashedType): Promise<IndexState> {
  const ours = ourType(name);
  let size = 0;
  let newest = -1;
  for (const { content, role, signals, versions, version } of await lists.ls()) {
    const active = signals[ours]?.active ?? 0;
    if (content !== 'media' || role !== 'block' || active === 0) continue;
    size += active;
    const made = versions.find((each) => each.version === version)?.created;
    if (made !== undefined) newest = Math.max(newest, Math.floor(Date.parse(made) / 1_000));
  }
  return { size, newest };
}

/** @throws HmaRefusal 400 */
function asked(name: string | undefined): readonly HashedType[] {
  if (name === undefined) return HASHED_TYPES;
  const type = HASHED_TYPES.find((each) => each === name);
  if (type === undefined) throw new HmaRefusal(400, `No such SignalType '${name}'`);
  return [type];
}

export const indexStatus: HmaEndpoint = {
  method: 'GET',
  url: '/m/index/status',
  scope: 'lists:read',
  handle: async ({ query, services }) => {
    const answer: Record<string, unknown> = {};
    for (const name of asked(query['signal_type'])) {
      const { size, newest } = await stateOf(services, name);
      answer[name] = { built_to: newest, present: services.lists.ready, size };
    }
    return json(answer);
  },
};

export const signalTypeIndex: HmaEndpoint = {
  method: 'GET',
  url: '/c/signal_type/index',
  scope: 'lists:read',
  handle: async ({ query, services }) => {
    const answer: Record<string, unknown> = {};
    for (const name of asked(query['signal_type'])) {
      const { size, newest } = await stateOf(services, name);
      answer[name] = {
        db_size: size,
        index_built_to: newest,
        index_out_of_date: services.lists.incomplete,
        index_size: size,
        newest_db_item: newest,
      };
    }
    return json(answer);
  },
};

import { signalType } from '../../signals/signal-types.js';
import type { ContentMetadata } from '../../storage/banks/content-store.js';
import { bankOf } from './banks.js';
import { isObject, objectOf } from './fields.js';
import { type Hashes, hashMedium, hashUrl } from './hash-medium.js';
import { type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { HASHED, type HashedType, ourType, parseSignal, selectedTypes } from './hma-signal-types.js';
import { readFile } from './read-file.js';

const NOTE_LIMIT = 255;
const METADATA_LIMIT = 64 * 2 ** 10;
const METADATA_KEYS = ['content_id', 'content_uri', 'json'] as const;

/** A medium whose hashes are added. */
export const addContent: HmaEndpoint = {
  method: 'POST',
  url: '/c/bank/:bank/content',
  scope: 'entries:write',
  quota: 'scan',
  handle: async (call) => {
    const bank = await bankOf(call);
    const { query, request, services, body } = call;
    const { url } = query;
    const form =
      url === undefined
        ? await readFile(request, (file, medium) =>
            hashMedium(call, file, medium, selectedTypes(query['types'], medium)),
          )
        : undefined;
    if (url === undefined && form === undefined) {
      throw new HmaRefusal(400, 'Neither `url` nor multipart file upload was received');
    }
    const fields = form?.fields ?? (isObject(body) ? body : {});
    const notes = { note: noteOf(fields['note']), metadata: metadataOf(fields['metadata']) };
    const hashes = form?.used ?? (await hashUrl(call, url ?? ''));
    const id = await services.banks.add(bank, signalsOf(hashes), notes);
    return json({ id, signals: hashes });
  },
};

/** Hashes that the client made. */
export const addSignal: HmaEndpoint = {
  method: 'POST',
  url: '/c/bank/:bank/signal',
  scope: 'entries:write',
  handle: async (call) => {
    const bank = await bankOf(call);
    const { note, ...values } = objectOf(call.body, call.request.headers['content-type']);
    const hashes: Hashes = {};
    for (const [name, value] of Object.entries(values)) {
      if (!Object.hasOwn(HASHED, name)) throw new HmaRefusal(400, `No such signal type ${name}`);
      hashes[name as HashedType] = String(value);
    }
    if (Object.keys(hashes).length === 0) throw new HmaRefusal(400, 'No signals given');
    const signals = signalsOf(hashes);
    const id = await call.services.banks.add(bank, signals, { note: noteOf(note) });
    // As they are stored: in lower case.
    const stored = Object.keys(hashes).map((name, i) => {
      const { type, value } = signals[i] as (typeof signals)[number];
      return [name, signalType(type).format(value)] as const;
    });
    return json({ id, signals: Object.fromEntries(stored) });
  },
};

function signalsOf(hashes: Hashes) {
  return Object.entries(hashes).map(([name, hash]) => ({
    type: ourType(name),
    value: parseSignal(name, hash, (reason) => `Invalid ${name} signal: ${reason}`),
    active: true,
  }));
}

/** @throws HmaRefusal 400 */
export function noteOf(note: unknown): string | undefined {
  if (note === undefined || note === null || note === '') return undefined;
  if (typeof note !== 'string') throw new HmaRefusal(400, 'note must be a string');
  if (note.length > NOTE_LIMIT) throw new HmaRefusal(400, `note must be at most ${NOTE_LIMIT} characters`);
  return note;
}

/** A field of a form, or an object of a body. @throws HmaRefusal 400 */
function metadataOf(given: unknown): ContentMetadata | undefined {
  const value = typeof given === 'string' ? parsed(given) : given;
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new HmaRefusal(400, 'metadata must be a JSON object');
  // Where it comes from is not for clients to say.
  const { collab: _collab, ...rest } = value;
  const other = Object.keys(rest).find((key) => !METADATA_KEYS.some((each) => each === key));
  if (other !== undefined) throw new HmaRefusal(400, `metadata has an unknown key: ${other.slice(0, 64)}`);
  const { content_id: id, content_uri: uri, json: details } = rest;
  if (
    !isTextOrNothing(id) ||
    !isTextOrNothing(uri) ||
    !(details === undefined || details === null || isObject(details))
  ) {
    throw new HmaRefusal(400, 'metadata: content_id and content_uri are strings, json is an object');
  }
  if (JSON.stringify(rest).length > METADATA_LIMIT) throw new HmaRefusal(400, 'metadata is too long');
  return {
    ...(typeof id === 'string' ? { content_id: id } : {}),
    ...(typeof uri === 'string' ? { content_uri: uri } : {}),
    ...(isObject(details) ? { json: details } : {}),
  };
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HmaRefusal(400, 'metadata must be a JSON object');
  }
}

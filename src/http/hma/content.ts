import type { ShownContent } from '../../lists/banks/banks.js';
import { signalType } from '../../signals/signal-types.js';
import type { StoredBank } from '../../storage/banks/bank-store.js';
import { authorise } from '../authenticate.js';
import { noteOf } from './add-content.js';
import { bankOf, shownBank } from './banks.js';
import { isTrue, objectOf } from './fields.js';
import { type HmaCall, type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { HASHED_TYPES, ourType } from './hma-signal-types.js';

const FIVE_YEARS_SECONDS = 5 * 365 * 86_400;
const URL = '/c/bank/:bank/content/:content';
const BY_CLIENT = 'by a client of the compatible interface';

/** @throws HmaRefusal 404 */
function numberOf({ params }: Pick<HmaCall, 'params'>): number {
  const { content = '' } = params;
  if (!/^[0-9]{1,15}$/.test(content)) throw new HmaRefusal(404, 'Not Found');
  return Number(content);
}

/** @throws HmaRefusal 404 */
async function contentOf(call: HmaCall, bank: StoredBank): Promise<ShownContent> {
  const id = numberOf(call);
  const content = await call.services.banks.content(bank, id);
  if (content === undefined) throw new HmaRefusal(404, `content '${id}' not found`);
  return content;
}

/** 0: disabled; 1: enabled; else when it is enabled again, seconds since 1970. */
function disableUntil({ enabled, disabledUntil }: ShownContent): number {
  if (enabled) return 1;
  return disabledUntil === null ? 0 : Math.floor(disabledUntil.getTime() / 1_000);
}

export const getContent: HmaEndpoint = {
  method: 'GET',
  url: URL,
  scope: 'lists:read',
  handle: async (call) => {
    const bank = await bankOf(call);
    const { query, principal, services } = call;
    const withSignals = isTrue(query['include_signals']);
    if (withSignals) authorise(principal, 'entries:read');
    const content = await contentOf(call, bank);
    if (withSignals) {
      const refs = { list: bank.list };
      await services.audit.note({
        kind: 'entry.viewed',
        subject: 'service',
        refs,
        payload: { entry: content.entryId },
      });
    }
    const source = await services.sources.ofList(bank.listId);
    const withMetadata = query['include_metadata'] === undefined || isTrue(query['include_metadata']);
    const collab = source === undefined ? undefined : { [bank.name]: [content.entryId] };
    const { note, metadata } = content;
    return json({
      bank: shownBank(bank),
      disable_until_ts: disableUntil(content),
      id: content.id,
      original_media_uri: null,
      ...(withSignals ? { signals: shownSignals(content) } : {}),
      ...(withMetadata && (metadata !== undefined || collab !== undefined)
        ? {
            metadata: {
              collab: collab ?? null,
              content_id: metadata?.content_id ?? null,
              content_uri: metadata?.content_uri ?? null,
              json: metadata?.json ?? null,
            },
          }
        : {}),
      ...(note === undefined ? {} : { note }),
    });
  },
};

export const changeContent: HmaEndpoint = {
  method: 'PUT',
  url: URL,
  scope: 'entries:write',
  handle: async (call) => {
    const { body, request, services, principal } = call;
    const fields = objectOf(body, request.headers['content-type']);
    const until = untilOf(fields['disable_until_ts']);
    const note = noteOf(fields['note']);
    const bank = await bankOf(call);
    const content = await contentOf(call, bank);
    const change = { reason: BY_CLIENT, by: principal.id };
    if (until !== undefined) {
      const now = Date.now() / 1_000;
      if (until !== 0 && until <= now) {
        if (!content.enabled) await services.banks.enable(bank, content, change);
      } else {
        if (until !== 0) await assertEndable(call, bank);
        await services.banks.disable(bank, content, until === 0 ? null : new Date(until * 1_000), change);
      }
    }
    if (fields['note'] !== undefined) await services.banks.note(content, note);
    const now = await contentOf(call, bank);
    return json({
      bank: shownBank(bank),
      collab_metadata: {},
      disable_until_ts: disableUntil(now),
      id: now.id,
      note: now.note ?? null,
      original_media_uri: null,
      user_metadata:
        now.metadata === undefined
          ? null
          : {
              content_id: now.metadata.content_id ?? null,
              content_uri: now.metadata.content_uri ?? null,
              json: now.metadata.json ?? null,
            },
    });
  },
};

export const deleteContent: HmaEndpoint = {
  method: 'DELETE',
  url: URL,
  scope: 'entries:write',
  handle: async (call) => {
    const bank = await bankOf(call);
    const { services, principal } = call;
    const content = await services.banks.content(bank, numberOf(call));
    const change = { reason: BY_CLIENT, by: principal.id };
    const removed = content !== undefined && (await services.banks.removeContent(bank, content, change));
    return json({ deleted: removed ? 1 : 0 });
  },
};

function shownSignals({ signals }: ShownContent): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of HASHED_TYPES) {
    const found = signals.find(({ type }) => type === ourType(name));
    if (found !== undefined) shown[name] = signalType(found.type).format(found.value);
  }
  return shown;
}

/** @throws HmaRefusal 400 */
function untilOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds)) {
    throw new HmaRefusal(400, `Invalid int: '${String(value).slice(0, 64)}'`);
  }
  if (seconds < 0) throw new HmaRefusal(400, 'disable_until_ts must not be negative');
  if (seconds > Date.now() / 1_000 + FIVE_YEARS_SECONDS) {
    throw new HmaRefusal(400, 'disable_until_ts must be within 5 years');
  }
  return seconds;
}

/** What ends by itself would act again with nobody's approval. @throws HmaRefusal 403 */
async function assertEndable({ services }: HmaCall, { list }: StoredBank): Promise<void> {
  const { approval } = await services.lists.show(list);
  if (approval === 'two-person') throw new HmaRefusal(403, 'Entries of this bank act again by two persons only');
}

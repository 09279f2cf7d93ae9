/** An outbox for tests: it tries again after milliseconds, and keeps the events that it has written. */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { Database } from '../../database.js';
import type { EventDraft, EventKind } from '../../events/event-kinds.js';
import { Events } from '../../events/events.js';
import { Keyring } from '../../keyring.js';
import type { Tx } from '../../schema.js';
import type { DispatcherLimits } from '../dispatcher.js';
import { Outbox, type OutboxOptions } from '../outbox.js';
import type { RetryPlan } from '../retry-plan.js';

export const TEST_KEYRING = new Keyring([randomBytes(32)], 'environment');

const QUICK: Partial<RetryPlan> = { attempts: 1_000, base: 1, factor: 1, cap: 5 };
const LIMITS: Partial<DispatcherLimits> = { poll: 20, drain: 2_000 };

export function openOutbox(
  database: Database,
  options: Partial<OutboxOptions> = {},
): { readonly outbox: Outbox; readonly events: EventDraft[] } {
  const events: EventDraft[] = [];
  const recorder = new Events(TEST_KEYRING);
  const record = async <K extends EventKind>(tx: Tx, draft: EventDraft<K>): Promise<string> => {
    events.push(draft as unknown as EventDraft);
    return await recorder.record(tx, draft);
  };
  const { plan = {}, limits = {}, ...rest } = options;
  const outbox = new Outbox({
    ...{ database, keyring: TEST_KEYRING, record, logger: pino({ level: 'silent' }), node: 'test' },
    plan: { ...QUICK, ...plan },
    limits: { ...LIMITS, ...limits },
    ...rest,
  });
  return { outbox, events };
}

/** An outbox for tests: it tries again after milliseconds, and keeps the events that it would write. */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { Database } from '../../database.js';
import { Keyring } from '../../keyring.js';
import { randomId } from '../../random-id.js';
import type { RecordEvent } from '../../record-event.js';
import type { DispatcherLimits } from '../dispatcher.js';
import { Outbox, type OutboxOptions } from '../outbox.js';
import type { RetryPlan } from '../retry-plan.js';

export const TEST_KEYRING = new Keyring([randomBytes(32)], 'environment');

const QUICK: Partial<RetryPlan> = { attempts: 1_000, base: 1, factor: 1, cap: 5 };
const LIMITS: Partial<DispatcherLimits> = { poll: 20, drain: 2_000 };

export type Recorded = Parameters<RecordEvent>[1];

export function openOutbox(
  database: Database,
  options: Partial<OutboxOptions> = {},
): { readonly outbox: Outbox; readonly events: Recorded[] } {
  const events: Recorded[] = [];
  const record: RecordEvent = async (_tx, draft) => {
    events.push(draft);
    return randomId();
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

import { setTimeout as pause } from 'node:timers/promises';
import { raiseAttention, settleAttention } from '../attention/raise-attention.js';
import type { Database } from '../database.js';
import { randomId } from '../random-id.js';
import type { VerificationPart } from '../schema.js';
import type { BatchFiles } from './batch-files.js';
import type { SubjectKeys } from './subject-keys.js';
import { endPass, type Found, type Pass, putPass, takePass } from './verification-store.js';
import { FINDING_KINDS, type Finding, type FindingKind, verifyAround, verifyBatches } from './verify-events.js';

export interface EventVerifierOptions {
  readonly database: Database;
  readonly files: BatchFiles;
  readonly subjectKeys: SubjectKeys;
  /** So long one turn may take. */
  readonly turnMs?: number;
  /** After each batch it rests for so many times what the batch took. */
  readonly rest?: number;
}

const HOUR = 3_600_000;
const AGAIN_MS: Readonly<Record<VerificationPart, number>> = { newest: HOUR, whole: 24 * HOUR };
const TURN_MS = 20_000;
const REST = 3;
const LONGEST_REST_MS = 2_000;
/** Beyond a turn: its last batch may be large, and at the end of the record all files are listed. */
const LEASE_MS = 15 * 60_000;

/**
 * Verifies the record of events again and again, on one process at a time, so that a change is noticed without anybody
 * asking: what is new each hour, beginning with whether the batch that was verified last is still there; and all of it
 * each day, or as often as the rate allows. What does not fit is an attention by its kind; it is settled when a whole
 * pass finds no more of it.
 */
export class EventVerifier {
  readonly #options: EventVerifierOptions;
  readonly #by = randomId();

  constructor(options: EventVerifierOptions) {
    this.#options = options;
  }

  /**
   * Does a turn of what is due, and remembers how far it came. Call it each minute.
   * @returns how many batches were compared; undefined when nothing is due or another process is at it
   * @throws VigieError of the database; `store-unavailable`; the signal's reason. What was not remembered is done again
   */
  async turn(signal: AbortSignal): Promise<number | undefined> {
    const { database, turnMs = TURN_MS, rest = REST } = this.#options;
    const pass = await takePass(database.db, this.#by, LEASE_MS);
    if (pass === undefined) return undefined;
    const findings: Finding[] = [];
    const options = { ...this.#options, signal, onFinding: (finding: Finding) => findings.push(finding) };
    let at = { number: pass.number, hash: pass.hash };
    let batches = 0;
    let ended = true;
    const until = performance.now() + turnMs;
    try {
      let begun = performance.now();
      for await (const { number, hash } of verifyBatches(options, { ...at, events: 0 })) {
        at = { number, hash };
        batches++;
        if (performance.now() > until) {
          ended = false;
          break;
        }
        await pause(Math.min((performance.now() - begun) * rest, LONGEST_REST_MS), undefined, { signal });
        begun = performance.now();
      }
      if (ended && pass.part === 'whole') await verifyAround(options);
    } catch (error) {
      await this.#giveBack(pass);
      throw error;
    }
    await this.#write({ ...pass, ...at }, findings, ended);
    return batches;
  }

  /** As it was taken: another process goes on with it. */
  async #giveBack(pass: Pass): Promise<void> {
    const { database } = this.#options;
    // When the database is away, the lease ends by itself.
    await database.transaction((tx) => putPass(tx, this.#by, pass)).catch(() => undefined);
  }

  async #write(pass: Pass, findings: readonly Finding[], ended: boolean): Promise<void> {
    const { part } = pass;
    const found = added(pass.found, findings);
    await this.#options.database.transaction(async (tx) => {
      const counted = { ...pass, found };
      const ours = ended ? await endPass(tx, this.#by, counted, AGAIN_MS[part]) : await putPass(tx, this.#by, counted);
      if (!ours) return;
      for (const kind of FINDING_KINDS) {
        const of = findings.filter((finding) => finding.kind === kind);
        const [first] = of;
        if (first !== undefined) {
          const detail = { found: kind, count: of.length, batch: first.batch, event: first.event };
          await raiseAttention(tx, { kind: 'audit-damaged', cause: kind, subject: 'events', detail });
        } else if (ended && part === 'whole' && found[kind] === undefined) {
          await settleAttention(tx, { kind: 'audit-damaged', cause: kind }, 'service');
        }
      }
    });
  }
}

function added(known: Found, findings: readonly Finding[]): Found {
  const sums: Partial<Record<FindingKind, number>> = { ...known };
  for (const { kind } of findings) sums[kind] = (sums[kind] ?? 0) + 1;
  return sums;
}

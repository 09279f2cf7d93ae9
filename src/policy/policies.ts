import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import {
  activatePolicy,
  activePolicyNumber,
  findActivePolicy,
  findPolicy,
  insertPolicy,
  listPolicies,
  lockPolicies,
  POLICY_CHANNEL,
  type PolicySummary,
  type StoredPolicy,
} from '../storage/policy-store.js';
import { DEFAULT_POLICY } from './default-policy.js';
import type { NumberedPolicy } from './engine.js';
import type { Policy } from './policy.js';
import { comparePolicies, type PolicyDiff } from './policy-diff.js';
import { type PolicyProblem, problemLines, readPolicy } from './read-policy.js';

export interface PoliciesOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  /** Names of all lists, so that a rule on a list that is not there is noticed. */
  readonly listNames: () => Promise<readonly string[]>;
  /** Told of what keeps this process from following; it tries again. */
  readonly failed: (error: unknown) => void;
}

/** What is to be said of a policy file before it is kept. */
export interface CheckedPolicy {
  readonly problems: readonly PolicyProblem[];
  /** What does not keep it from being used. */
  readonly warnings: readonly PolicyProblem[];
  readonly policy: Policy | undefined;
}

const POLL_MS = 500;
const MOST_LISTED = 1_000;
const SERVICE = 'service';

/** The versions of the policy. Every process follows the active one within a second. */
export class Policies {
  readonly #options: PoliciesOptions;
  #active: NumberedPolicy;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | undefined;
  #following: Promise<void> | undefined;
  #again = false;
  #closed = false;

  private constructor(options: PoliciesOptions, active: NumberedPolicy) {
    this.#options = options;
    this.#active = active;
  }

  /**
   * Reads the active policy, and makes the default one it where there is none, and follows changes until `close`.
   * @throws VigieError `policy-invalid` when this version cannot read what is active; those of the database
   */
  static async open(options: PoliciesOptions): Promise<Policies> {
    const { database, record } = options;
    const stored =
      (await findActivePolicy(database.db)) ??
      (await database.transaction(async (tx) => {
        await lockPolicies(tx);
        const there = await findActivePolicy(tx);
        if (there !== undefined) return there;
        const { number } = await insertPolicy(tx, { source: DEFAULT_POLICY, note: 'the default policy', by: SERVICE });
        const subject = `policy:${number}`;
        await record(tx, { kind: 'policy.added', actor: SERVICE, subject, refs: { policy: number } });
        await record(tx, { kind: 'policy.activated', actor: SERVICE, subject, refs: { policy: number, before: null } });
        return await activatePolicy(tx, number, SERVICE);
      }));
    const policies = new Policies(options, numbered(stored));
    policies.#timer = setInterval(() => policies.#tick(), POLL_MS);
    policies.#timer.unref();
    policies.#stopListening = await database.listen(POLICY_CHANNEL, () => policies.#tick());
    return policies;
  }

  /** What verdicts are judged by now. */
  active(): NumberedPolicy {
    return this.#active;
  }

  /** Reads a file without keeping it. */
  async check(source: string): Promise<CheckedPolicy> {
    const { policy, problems } = readPolicy(source);
    const warnings = policy === undefined ? [] : await this.#warnings(policy);
    return { policy, problems, warnings };
  }

  /**
   * Keeps a file as a draft.
   * @param by id of the principal
   * @throws VigieError `policy-invalid`, whose detail has a line for each problem
   */
  async add(
    { source, note }: { readonly source: string; readonly note: string },
    by: string,
  ): Promise<StoredPolicy & Pick<CheckedPolicy, 'warnings'>> {
    const { policy, problems, warnings } = await this.check(source);
    if (policy === undefined) throw new VigieError('policy-invalid', { detail: problemLines(problems) });
    const { database, record } = this.#options;
    const stored = await database.transaction(async (tx) => {
      await lockPolicies(tx);
      const made = await insertPolicy(tx, { source, note, by });
      const refs = { policy: made.number };
      await record(tx, { kind: 'policy.added', actor: by, subject: `policy:${made.number}`, refs, payload: { note } });
      return made;
    });
    return { ...stored, warnings };
  }

  /**
   * Makes a version the one that verdicts are judged by; one that was retired can come back.
   * @throws VigieError `policy-not-found`, `policy-active`, `policy-invalid`
   */
  async activate(
    number: number,
    { reason, by }: { readonly reason: string; readonly by: string },
  ): Promise<StoredPolicy & Pick<CheckedPolicy, 'warnings'>> {
    const { database, record } = this.#options;
    const activated = await database.transaction(async (tx) => {
      await lockPolicies(tx);
      const wanted = await findPolicy(tx, number);
      if (wanted === undefined) throw new VigieError('policy-not-found');
      if (wanted.state === 'active') throw new VigieError('policy-active');
      // What an older version of the service has kept may say something that this one refuses.
      numbered(wanted);
      const before = (await findActivePolicy(tx))?.number ?? null;
      const about = { actor: by, subject: `policy:${number}`, refs: { policy: number, before } };
      await record(tx, { kind: 'policy.activated', ...about, payload: { reason } });
      return await activatePolicy(tx, number, by);
    });
    await this.follow();
    return { ...activated, warnings: await this.#warnings(numbered(activated)) };
  }

  /** Newest first. */
  async ls(): Promise<readonly PolicySummary[]> {
    return await listPolicies(this.#options.database.db, MOST_LISTED);
  }

  /** @throws VigieError `policy-not-found` */
  async show(number: number): Promise<StoredPolicy> {
    const found = await findPolicy(this.#options.database.db, number);
    if (found === undefined) throw new VigieError('policy-not-found');
    return found;
  }

  /** The rules of a version. @throws VigieError `policy-not-found`, `policy-invalid` */
  async read(number: number): Promise<NumberedPolicy> {
    return numbered(await this.show(number));
  }

  /** What another version says otherwise, rule by rule. @throws VigieError `policy-not-found`, `policy-invalid` */
  async diff(from: number, to: number): Promise<PolicyDiff> {
    return comparePolicies(await this.read(from), await this.read(to));
  }

  /** Takes in what was committed before the call. @throws VigieError of the database; `policy-invalid` */
  follow(): Promise<void> {
    this.#again = true;
    this.#following ??= this.#readOn().finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#stopListening?.();
    await this.#following?.catch(() => undefined);
  }

  #tick(): void {
    this.follow().catch((error: unknown) => {
      if (!this.#closed) this.#options.failed(error);
    });
  }

  async #readOn(): Promise<void> {
    const { db } = this.#options.database;
    while (this.#again && !this.#closed) {
      this.#again = false;
      const number = await activePolicyNumber(db);
      if (number !== undefined && number !== this.#active.number) this.#active = await this.read(number);
    }
  }

  async #warnings({ rules }: Policy): Promise<readonly PolicyProblem[]> {
    const known = new Set(await this.#options.listNames());
    return rules.flatMap(({ name, line, when: { list = [] } }) =>
      list
        .filter((each) => !known.has(each))
        .map((each) => ({ line, text: `rule "${name}": when.list: there is no list ${each}` })),
    );
  }
}

function numbered({ number, source }: StoredPolicy): NumberedPolicy {
  const { policy, problems } = readPolicy(source);
  if (policy === undefined)
    throw new VigieError('policy-invalid', { detail: problemLines(problems, `policy ${number}`) });
  return { ...policy, number };
}

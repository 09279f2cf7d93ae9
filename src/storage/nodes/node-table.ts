import { hostname } from 'node:os';
import { every } from '../../runtime/every.js';
import type { Database } from '../database.js';
import { randomId } from '../random-id.js';
import type { NodeRole, Tx } from '../schema.js';
import { forgetNodes, hasLeft, markLeft, type NodeState, type NodeView, readNodes, writeNode } from './node-store.js';

export interface NodeTableOptions {
  readonly database: Database;
  readonly role: NodeRole;
  readonly version: string;
  /** What is said of this process with each sign of life. */
  readonly state: () => NodeState;
  /** Says that a node is silent. */
  readonly raise: (tx: Tx, node: NodeView) => Promise<unknown>;
  /** Says that a node is back, or has left. */
  readonly settle: (tx: Tx, id: string) => Promise<unknown>;
  readonly failed: (error: unknown) => void;
  readonly name?: string;
  readonly beatMs?: number;
  readonly staleMs?: number;
  readonly forgetMs?: number;
}

const BEAT_MS = 1_000;
const ALONE_BEAT_MS = 60_000;
const STALE_MS = 10_000;
const FORGET_MS = 86_400_000;
const LEAVE_MS = 3_000;

/** This process among the others: tells that it lives, and watches whether they do. */
export class NodeTable {
  readonly id = randomId();
  readonly #options: NodeTableOptions;
  readonly #staleMs: number;
  /** What this process has last said of each of the others. */
  readonly #silent = new Map<string, boolean>();
  #failing = false;
  #stop: (() => Promise<void>) | undefined;

  constructor(options: NodeTableOptions) {
    this.#options = options;
    this.#staleMs = options.staleMs ?? STALE_MS;
  }

  /**
   * Enters this process and gives a sign of life every second from now on.
   * @param before the id that another process had on the same data directory: it is gone, for only one can have it
   * @throws VigieError of the database
   */
  async start(before?: string): Promise<void> {
    const { database, failed } = this.#options;
    // An embedded database has one process, and nobody would look.
    const { beatMs = database.dialect === 'server' ? BEAT_MS : ALONE_BEAT_MS } = this.#options;
    await this.beat();
    if (before !== undefined) {
      await markLeft(database.db, before);
      await database.transaction((tx) => this.#options.settle(tx, before));
    }
    this.#stop = every(beatMs, () => this.#turn(), failed);
  }

  /** Gives one sign of life. */
  async beat(): Promise<void> {
    const { database, role, version, state, name = hostname() } = this.#options;
    await writeNode(database.db, { id: this.id, name, role, version }, state());
  }

  /** All nodes; what is said of this process is as of now. */
  async all(): Promise<NodeView[]> {
    return (await readNodes(this.#options.database.db)).map((node) =>
      node.id === this.id ? { ...node, ...this.#options.state() } : node,
    );
  }

  /** Nodes that have not left and were not heard of for too long. */
  async stale(): Promise<NodeView[]> {
    return (await this.all()).filter((node) => this.#isSilent(node));
  }

  /** Whether a node is gone for certain, so that what it held is free. */
  async hasLeft(id: string): Promise<boolean> {
    return await hasLeft(this.#options.database.db, id);
  }

  /** Says of every node whether somebody must see to it, and lets go of those that are long gone. */
  async watch(): Promise<void> {
    const { database, raise, settle, forgetMs = FORGET_MS } = this.#options;
    for (const node of await this.all()) {
      if (node.id === this.id) continue;
      const silent = this.#isSilent(node);
      // Of one that is seen for the first time, somebody who has ended since may have said that it is silent.
      if (this.#silent.get(node.id) === silent) continue;
      await database.transaction((tx) => (silent ? raise(tx, node) : settle(tx, node.id)));
      this.#silent.set(node.id, silent);
    }
    for (const id of await forgetNodes(database.db, forgetMs)) {
      await database.transaction((tx) => settle(tx, id));
      this.#silent.delete(id);
    }
  }

  /** Says that this process leaves; when the database is away, it is found out by its silence. */
  async close(): Promise<void> {
    await this.#stop?.();
    const leaving = markLeft(this.#options.database.db, this.id).catch(this.#options.failed);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LEAVE_MS);
    });
    await Promise.race([leaving, limit]);
    clearTimeout(timer);
  }

  async #turn(): Promise<void> {
    try {
      await this.beat();
      await this.watch();
      this.#failing = false;
    } catch (error) {
      // An outage is told once, not every second.
      if (!this.#failing) this.#options.failed(error);
      this.#failing = true;
    }
  }

  #isSilent({ id, leftAt, silentMs }: NodeView): boolean {
    // Whoever asks is here; whether it is ready is another question.
    return id !== this.id && leftAt === null && silentMs > this.#staleMs;
  }
}

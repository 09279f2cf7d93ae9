import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { signalType } from '../../signals/signal-types.js';
import type { DeltaSource, SourceChange, SourceKind, SourcePage } from '../sources/source.js';
import { signalText } from './read-records.js';

/** An entry of one MD5, which the seed decides. */
export function putOf(id: string, seed: number): SourceChange {
  const value = signalType('md5').parse(signalText('md5', seed));
  return { put: { id, signals: [{ type: 'md5', value, active: true }] } };
}

/** What happens instead of the page with a number, counted over the life of the source. */
export type Fault = 'cut' | VigieError | ((page: SourcePage) => Promise<SourcePage> | SourcePage);

/** A source whose whole history is a list of changes, and whose checkpoint says how many of them were told. */
export class ScriptedSource implements DeltaSource {
  readonly shape = 'delta';
  readonly log: SourceChange[];
  readonly faults = new Map<number, Fault>();
  /** Checkpoints that it was asked from. */
  readonly asked: unknown[] = [];
  pageSize: number;
  pages = 0;
  /** Below this a checkpoint is too old. */
  oldest = 0;

  constructor(log: readonly SourceChange[] = [], pageSize = 10) {
    this.log = [...log];
    this.pageSize = pageSize;
  }

  async test(): Promise<Record<string, string>> {
    return { changes: String(this.log.length) };
  }

  async *pull(checkpoint: unknown, signal: AbortSignal): AsyncGenerator<SourcePage> {
    this.asked.push(checkpoint);
    const from = z.object({ told: z.number().int() }).optional().parse(checkpoint)?.told;
    let restart = from !== undefined && from < this.oldest;
    let at = restart ? 0 : (from ?? 0);
    do {
      signal.throwIfAborted();
      const changes = this.log.slice(at, at + this.pageSize);
      at += changes.length;
      const upToDate = at >= this.log.length;
      const page: SourcePage = {
        changes,
        setAside: [],
        checkpoint: { told: at },
        upToDate,
        ...(restart && { restart }),
      };
      restart = false;
      const fault = this.faults.get(this.pages++);
      if (fault === 'cut') return;
      if (fault instanceof VigieError) throw fault;
      yield fault === undefined ? page : await fault(page);
      if (upToDate) return;
    } while (at <= this.log.length);
  }

  /** The MD5 seeds by entry that the history ends with, so far as it was told. */
  static stateOf(log: readonly SourceChange[]): ReadonlySet<string> {
    const state = new Set<string>();
    for (const change of log) {
      if ('put' in change) state.add(change.put.id);
      else state.delete(change.remove);
    }
    return state;
  }
}

/** A kind that always opens the same source. */
export function scriptedKind(source: ScriptedSource, more: Partial<SourceKind> = {}): SourceKind {
  return {
    kind: 'scripted',
    title: 'Scripted',
    description: 'A source of tests.',
    settings: z.object({ region: z.string().describe('Where.').default('all') }),
    credentials: z.object({ token: z.string().describe('A secret.') }),
    everySeconds: 60,
    staleSeconds: undefined,
    open: () => source,
    ...more,
  };
}

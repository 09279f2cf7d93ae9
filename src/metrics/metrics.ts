import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type LabelsOf, METRICS, type MetricKind, type MetricName } from './catalogue.js';

type Labels = Readonly<Record<string, string>>;
type Instrument = Counter | Gauge | Histogram;
type NameOf<T extends MetricKind['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

/** Tells one figure that was just looked up; values of a counter are totals. */
export type Tell = <N extends NameOf<'gauge' | 'counter'>>(name: N, value: number, labels?: LabelsOf<N>) => void;

export interface Collector {
  /** What it may tell; these are absent when it fails. */
  readonly names: readonly NameOf<'gauge' | 'counter'>[];
  readonly collect: (tell: Tell) => void | Promise<void>;
}

/** A scrape must not wait for a database that hangs. */
const COLLECT_MS = 3_000;

/** The figures of this process: counted where things happen, or asked for when somebody looks. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #instruments = new Map<string, Instrument>();
  readonly #collectors: Collector[] = [];
  #running: Promise<void> | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, kind] of Object.entries<MetricKind>(METRICS)) this.#instruments.set(name, this.#make(name, kind));
  }

  count<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by = 1): void {
    (this.#instruments.get(name) as Counter).inc(labels as Labels, by);
  }

  /** @param value seconds */
  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void {
    (this.#instruments.get(name) as Histogram).observe(labels as Labels, value);
  }

  /** Has figures asked for at each scrape; whoever owns them registers this. */
  collect(collector: Collector): void {
    this.#collectors.push(collector);
  }

  /** All figures in the text format of Prometheus. */
  async render(): Promise<string> {
    // Scrapes that come at the same time share one look.
    this.#running ??= this.#collectAll().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
    return await this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async #collectAll(): Promise<void> {
    await Promise.all(this.#collectors.map((collector) => this.#collectOne(collector)));
  }

  async #collectOne({ names, collect }: Collector): Promise<void> {
    const told: (() => void)[] = [];
    let clock: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      clock = setTimeout(() => reject(new Error('too late')), COLLECT_MS);
    });
    try {
      await Promise.race([
        collect((name, value, labels) => {
          told.push(() => this.#set(name, value, (labels ?? {}) as Labels));
        }),
        late,
      ]);
    } catch {
      told.length = 0;
      this.count('vigie_collect_failures_total', {});
    } finally {
      clearTimeout(clock);
    }
    for (const name of names) this.#forget(name);
    for (const set of told) set();
  }

  /** A reset leaves a figure without labels at zero, which it may not be. */
  #forget(name: MetricName): void {
    const instrument = this.#instruments.get(name);
    instrument?.reset();
    if (METRICS[name].labels.length === 0) instrument?.remove();
  }

  #set(name: string, value: number, labels: Labels): void {
    const instrument = this.#instruments.get(name);
    if (instrument instanceof Gauge) instrument.set(labels, value);
    else if (instrument instanceof Counter) instrument.inc(labels, value);
  }

  #make(name: string, { type, help, labels, buckets }: MetricKind): Instrument {
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (type === 'counter') return new Counter(common);
    if (type === 'gauge') return new Gauge(common);
    return new Histogram({ ...common, ...(buckets === undefined ? {} : { buckets: [...buckets] }) });
  }
}

/** What every process of Node tells; named here for the documentation. */
export function processMetrics(): readonly { readonly name: string; readonly type: string; readonly help: string }[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry.getMetricsAsArray().map(({ name, help, type }) => ({ name, help, type: String(type) }));
}

import { randomBytes } from 'node:crypto';
import { Pool } from 'undici';
import { quantile } from './harness.js';

/** What one run of load is; posted to this process by its parent, which gets a `LoadReport` back. */
export interface LoadOrder {
  readonly origin: string;
  readonly path: string;
  readonly key: string;
  readonly contentType: string;
  /** Bodies in base64, sent in turn; as many random bytes as `salt` says are put behind them. */
  readonly bodies: readonly string[];
  readonly salt: number;
  readonly connections: number;
  readonly milliseconds: number;
  /** Requests a second, evenly spaced, whether or not answers come; as many as the connections can do when absent. */
  readonly rate?: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly failures: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function run(order: LoadOrder): Promise<LoadReport> {
  const { path, key, contentType, connections, milliseconds, rate } = order;
  const pool = new Pool(order.origin, { connections, pipelining: 1 });
  const bodies = order.bodies.map((each) => Buffer.from(each, 'base64'));
  const headers = { authorization: `Bearer ${key}`, 'content-type': contentType };
  const latencies: number[] = [];
  let failures = 0;
  let sent = 0;
  const start = performance.now();
  const end = start + milliseconds;
  const one = async (due: number): Promise<void> => {
    const plain = bodies[sent % bodies.length] ?? Buffer.alloc(0);
    const body = order.salt === 0 ? plain : Buffer.concat([plain, randomBytes(order.salt)]);
    sent++;
    try {
      const response = await pool.request({ method: 'POST', path, headers, body });
      await response.body.arrayBuffer();
      if (response.statusCode !== 200) failures++;
    } catch {
      failures++;
    }
    latencies.push(performance.now() - due);
  };
  if (rate === undefined) {
    const loop = async () => {
      while (performance.now() < end) await one(performance.now());
    };
    await Promise.all(Array.from({ length: connections }, loop));
  } else {
    // Latency counts from when a request was due, so that a server that stalls cannot hide it.
    const running: Promise<void>[] = [];
    for (let i = 0; ; i++) {
      const due = start + (i * 1_000) / rate;
      if (due >= end) break;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      running.push(one(due));
    }
    await Promise.all(running);
  }
  const seconds = (performance.now() - start) / 1_000;
  await pool.close();
  return {
    requests: latencies.length,
    failures,
    perSecond: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

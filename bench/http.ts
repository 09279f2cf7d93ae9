import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '../src/app.js';
import { DEFAULTS } from '../src/config.js';
import { entryPoint } from '../src/runtime/entry-point.js';
import { createLogger } from '../src/runtime/logger.js';
import type { DecodeOrder, DecodeReport } from './decode-loop.js';
import { type Bench, type BenchRow, median } from './harness.js';
import { randomHashes } from './hashes.js';
import type { LoadOrder, LoadReport } from './load-generator.js';
import { photographLikeJpeg } from './pictures.js';

const JPEG_BYTES = 100_000;
const PICTURES = 8;
const SLICE_MS = 2_000;
const LOOKUPS = 512;
const CONNECTIONS = 16;

/** The service over HTTP, with its load generator on the same cores: scans of 100-kB JPEGs, and look-ups. */
export const httpBench: Bench = async ({ entries = 1_000_000, rounds = 9, progress }) => {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-http-'));
  const config = { ...DEFAULTS, dataDir: join(folder, 'data'), port: 0, allowNoFsync: true };
  const app = await App.open(config, { logger: createLogger('silent'), decoders: true });
  try {
    progress?.(`importing ${entries} entries`);
    const hashes = randomHashes(entries);
    await app.lists.import({ list: 'bench', input: { stream: csv(hashes) }, format: 'csv' });
    const { key } = await app.keys.create('bench', ['scan', 'lookup', 'matches:detail']);
    const origin = await app.listen();
    await using load = new Child<LoadOrder, LoadReport>('./load-generator.js');
    const scans = await scanRows({ origin, key, rounds, load, processes: config.decoders.processes, progress });
    const lookups = await lookupRows({ origin, key, rounds, load, hashes, progress });
    return [...scans, ...lookups];
  } finally {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
};

interface Setting {
  readonly origin: string;
  readonly key: string;
  readonly rounds: number;
  readonly load: Child<LoadOrder, LoadReport>;
  readonly progress: ((text: string) => void) | undefined;
}

async function scanRows(setting: Setting & { readonly processes: number }): Promise<BenchRow[]> {
  const { origin, key, rounds, load, processes, progress } = setting;
  const pictures = await Promise.all(
    Array.from({ length: PICTURES }, (_, seed) => photographLikeJpeg(1_280, 960, seed + 1, JPEG_BYTES)),
  );
  const bodies = pictures.map((each) => each.toString('base64'));
  const order: LoadOrder = {
    origin,
    path: '/v1/scan',
    key,
    contentType: 'application/octet-stream',
    bodies,
    // Behind the end of the picture: other bytes each time, so that no signal comes from the cache.
    salt: 8,
    connections: processes * 4,
    milliseconds: SLICE_MS,
  };
  const bare = Array.from({ length: processes }, () => new Child<DecodeOrder, DecodeReport>('./decode-loop.js'));
  try {
    const decode = async (): Promise<number> => {
      const one = { bodies, milliseconds: SLICE_MS, maxPixels: DEFAULTS.decoders.maxPixels };
      const reports = await Promise.all(bare.map((child) => child.ask(one)));
      return reports.reduce((sum, { pictures: done, milliseconds }) => sum + (done * 1_000) / milliseconds, 0);
    };
    await decode();
    await load.ask(order);
    const decoded: number[] = [];
    const served: number[] = [];
    for (let round = 0; round < rounds; round++) {
      progress?.(`scans: round ${round + 1} of ${rounds}`);
      decoded.push(await decode());
      served.push((await sound(load, order)).perSecond);
    }
    const most = median(served);
    progress?.('scans at half load');
    const half = await sound(load, { ...order, rate: most / 2, milliseconds: 4 * SLICE_MS });
    const against = `bare decode and hash in ${processes} processes`;
    return [
      { what: `100-kB JPEGs, ${against}`, value: median(decoded), unit: 'pictures/s' },
      {
        what: 'POST /v1/scan of 100-kB JPEGs',
        value: most,
        unit: 'requests/s',
        ratio: median(served.map((each, i) => each / (decoded[i] ?? Number.NaN))),
        against,
      },
      { what: 'POST /v1/scan at half load, median', value: half.p50, unit: 'ms' },
      { what: 'POST /v1/scan at half load, 99 of 100', value: half.p99, unit: 'ms' },
    ];
  } finally {
    for (const child of bare) await child[Symbol.asyncDispose]();
  }
}

async function lookupRows(setting: Setting & { readonly hashes: Uint8Array }): Promise<BenchRow[]> {
  const { origin, key, rounds, load, hashes, progress } = setting;
  const unknown = randomHashes(LOOKUPS, 99);
  const bodies = Array.from({ length: LOOKUPS }, (_, i) => {
    // One in ten is a near copy of an entry.
    const value = i % 10 === 0 ? nearCopy(hashes, i) : unknown.subarray(i * 32, (i + 1) * 32);
    const signals = [{ type: 'pdq', value: Buffer.from(value).toString('hex') }];
    return Buffer.from(JSON.stringify({ signals })).toString('base64');
  });
  const order: LoadOrder = {
    origin,
    path: '/v1/lookup',
    key,
    contentType: 'application/json',
    bodies,
    salt: 0,
    connections: CONNECTIONS,
    milliseconds: SLICE_MS,
  };
  await load.ask(order);
  const reports: LoadReport[] = [];
  for (let round = 0; round < rounds; round++) {
    progress?.(`look-ups: round ${round + 1} of ${rounds}`);
    reports.push(await sound(load, order));
  }
  const what = `POST /v1/lookup, ${(hashes.length / 32).toLocaleString('en')} entries`;
  return [
    { what, value: median(reports.map(({ perSecond }) => perSecond)), unit: 'requests/s' },
    { what: `${what}: median`, value: median(reports.map(({ p50 }) => p50)), unit: 'ms' },
    { what: `${what}: 99 of 100`, value: median(reports.map(({ p99 }) => p99)), unit: 'ms' },
  ];
}

/** A run of load in which nothing failed. */
async function sound(load: Child<LoadOrder, LoadReport>, order: LoadOrder): Promise<LoadReport> {
  const report = await load.ask(order);
  if (report.failures > 0) throw new Error(`${report.failures} of ${report.requests} requests failed.`);
  return report;
}

function nearCopy(hashes: Uint8Array, i: number): Uint8Array {
  const at = (i * 7_919 * 32) % hashes.length;
  const value = hashes.slice(at, at + 32);
  for (let bit = 0; bit < 20; bit++) {
    const place = (bit * 37 + i) % 256;
    value[place >> 3] = (value[place >> 3] ?? 0) ^ (1 << (place & 7));
  }
  return value;
}

async function* csv(hashes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from('pdq\n');
  const PIECE = 4_096 * 32;
  for (let at = 0; at < hashes.length; at += PIECE) {
    let text = '';
    const piece = Buffer.from(hashes.buffer, at, Math.min(PIECE, hashes.length - at));
    for (let i = 0; i < piece.length; i += 32) text += `${piece.toString('hex', i, i + 32)}\n`;
    yield Buffer.from(text);
  }
}

/** A process of this bench that answers one order at a time. */
class Child<Order, Report> implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor(module: string) {
    this.#process = fork(entryPoint(import.meta.url, module), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  ask(order: Order): Promise<Report> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#process.off('message', heard);
        this.#process.off('exit', ended);
      };
      const heard = (report: unknown) => {
        settle();
        resolve(report as Report);
      };
      const ended = () => {
        settle();
        reject(new Error('A process of the bench has ended.'));
      };
      this.#process.once('message', heard);
      this.#process.once('exit', ended);
      this.#process.send(order as object);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
  }
}

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpegNote, programs } from '../src/media/video/testing/video-pools.js';
import type { Verdict } from '../src/scan/verdict.js';
import { type RunningService, startService } from './service.js';

/** More than any buffer on the way holds. */
const REST = 48_000_000;
const PIECE = 1_000_000;
/** Enough for the decoder to begin. */
const SOME = 2 * PIECE;

describe.skipIf(programs === undefined)(
  `verdicts before the end of the upload${ffmpegNote}`,
  { timeout: 120_000 },
  () => {
    let service: RunningService;
    /** A copy of the listed clip with another hash, and the beginning of a long box that means nothing. */
    let beginning: Buffer;

    beforeAll(async () => {
      service = await startService({ args: ['--sample', '--decoders', '1', '--video-decoders', '1'] });
      const clip = await readFile(new URL('../samples/pictures/crossing.mp4', import.meta.url));
      const box = Buffer.from('\0\0\0\0free', 'latin1');
      box.writeUInt32BE(REST + 8);
      beginning = Buffer.concat([clip, box]);
    }, 120_000);
    afterAll(async () => {
      await service?.[Symbol.asyncDispose]();
    });

    it.each(['application/json', 'application/x-ndjson'])(
      'lets a client that reads nothing before it has sent all send it, then read the verdict: %s',
      async (accept) => {
        await using line = await Line.to(service);
        const type = 'application/octet-stream';
        line.socket.write(line.head('POST /v1/scan', type, beginning.length + REST, accept));
        line.socket.write(beginning);
        await line.sendRest(SOME);
        await line.answered();
        await line.sendRest(REST - SOME);
        const text = line.take();
        expect(text).toMatch(/^HTTP\/1.1 200 /);
        expect(text).toContain('"verdict":"match"');
        const { bytes } = verdictIn(text);
        expect(bytes).toBeLessThan(REST);
        // The connection is good for more.
        line.socket.write(line.head('GET /v1/status', undefined, 0));
        await line.answered();
        expect(line.take()).toMatch(/HTTP\/1.1 200 /);
      },
    );

    it('reads a form to its end', async () => {
      await using line = await Line.to(service);
      const before = Buffer.from('--cut\r\nContent-Disposition: form-data; name="media"; filename="a.mp4"\r\n\r\n');
      const after = Buffer.from('\r\n--cut--\r\n');
      const length = before.length + beginning.length + REST + after.length;
      line.socket.write(line.head('POST /v1/scan', 'multipart/form-data; boundary=cut', length));
      line.socket.write(Buffer.concat([before, beginning]));
      await line.sendRest(REST);
      line.socket.write(after);
      await line.answered();
      expect(verdictIn(line.take()).verdict).toBe('match');
    });

    it('tells on request how far it is, and the verdict last', async () => {
      const clip = await readFile(new URL('../samples/pictures/unlisted-crossing.mp4', import.meta.url));
      const headers = { 'content-type': 'application/octet-stream', accept: 'application/x-ndjson' };
      const answer = await service.call('POST', '/v1/scan', clip, headers);
      expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
      const lines = (await answer.text()).trim().split('\n');
      const read = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(read.at(-1)).toMatchObject({ result: { verdict: 'no-match', reason: 'nothing-known', kind: 'video' } });
      expect(read.length).toBeGreaterThan(1);
      for (const { progress } of read.slice(0, -1)) {
        expect(progress).toEqual({ pass: 'whole', seconds: expect.any(Number), length: 9 });
      }
      const refused = await service.call('POST', '/v1/scan', '{}', { ...headers, 'content-type': 'application/json' });
      expect(refused.status).toBe(400);
    });
  },
);

function verdictIn(answer: string): Verdict {
  const line = answer.split(/\r?\n/).find((each) => each.includes('"verdict"')) ?? '';
  const told = JSON.parse(line) as Verdict | { readonly result: Verdict };
  return 'result' in told ? told.result : told;
}

/** One connection, for what a well-behaved client would not do. */
class Line implements AsyncDisposable {
  readonly socket: Socket;
  readonly #service: RunningService;
  #text = '';

  constructor(socket: Socket, service: RunningService) {
    this.socket = socket;
    this.#service = service;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
    });
  }

  static async to(service: RunningService): Promise<Line> {
    const { hostname, port } = new URL(service.address);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Line(socket, service);
  }

  head(request: string, type: string | undefined, length: number, accept = 'application/json'): string {
    const { key, address } = this.#service;
    const own = [`Host: ${new URL(address).host}`, `Authorization: Bearer ${key}`, `Accept: ${accept}`];
    const about = type === undefined ? [] : [`Content-Type: ${type}`, `Content-Length: ${length}`];
    return `${[`${request} HTTP/1.1`, ...own, ...about].join('\r\n')}\r\n\r\n`;
  }

  /** Waits until something complete has been answered. */
  async answered(): Promise<void> {
    const complete = (): boolean =>
      /"(total|version|engine)":.*\}/s.test(this.#text) && this.#text.includes('\r\n\r\n');
    while (!complete()) await once(this.socket, 'data', { signal: AbortSignal.timeout(60_000) });
  }

  /** What was answered since the last time. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  async sendRest(bytes: number): Promise<void> {
    for (let sent = 0; sent < bytes; sent += PIECE) {
      if (this.socket.write(Buffer.alloc(Math.min(PIECE, bytes - sent)))) continue;
      await once(this.socket, 'drain', { signal: AbortSignal.timeout(60_000) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }
}

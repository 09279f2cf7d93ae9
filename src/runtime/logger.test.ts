import fc from 'fast-check';
import Fastify, { type FastifyBaseLogger } from 'fastify';
import { describe, expect, it } from 'vitest';
import { formsOf } from '../../test/forms-of.js';
import { VigieError } from '../errors.js';
import { createLogger } from './logger.js';

function logging(): {
  readonly logger: ReturnType<typeof createLogger>;
  readonly lines: () => Record<string, unknown>[];
} {
  let text = '';
  const logger = createLogger('trace', {
    write: (line: string) => {
      text += line;
    },
  });
  const lines = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, lines };
}

const MARK = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0';

describe('the logger', () => {
  it('writes time, level in words, process, message, and the fields that are known', () => {
    const { logger, lines } = logging();
    logger.warn({ act: 'list-exported', by: 'local-operator', list: 'a-list', ms: 3 }, 'list exported');
    expect(lines()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        pid: process.pid,
        act: 'list-exported',
        by: 'local-operator',
        list: 'a-list',
        ms: 3,
        msg: 'list exported',
      },
    ]);
  });

  it('keeps what an alarm is about and when it is due', () => {
    const { logger, lines } = logging();
    const due = new Date(0).toISOString();
    const subjects = ['service', 'node:harbour-2.example-a1b2c3', 'webhook:aB-3_5678901234x', `list:${MARK}`];
    for (const subject of subjects) logger.warn({ subject, due }, 'needs somebody');
    expect(lines().map(({ subject }) => subject)).toEqual([...subjects.slice(0, 3), 'list:…']);
    for (const line of lines()) {
      expect(line['due']).toBe(due);
      expect(line).not.toHaveProperty('leftOut');
    }
  });

  it('tells of an error of ours the code, the message and the place, of others the name and the place', () => {
    const { logger, lines } = logging();
    const inner = Object.assign(new TypeError(`no ${MARK}`), { code: 'E_BAD' });
    logger.error({ err: new VigieError('disk-full', { cause: inner }) }, 'failed');
    logger.error(inner);
    const [ours, other] = lines() as [{ err: Record<string, unknown> }, { err: Record<string, unknown> }];
    expect(ours.err).toMatchObject({
      name: 'VigieError',
      code: 'disk-full',
      cause: { name: 'TypeError', code: 'E_BAD' },
    });
    expect(ours.err['stack']).toMatch(/^at .*logger\.test\.ts:\d+:\d+/);
    expect(other.err['message']).toBeUndefined();
    expect(other.err['stack']).toContain('logger.test.ts');
  });

  it('holds nothing of what is put into any field, message, error or child, in any form', () => {
    const place = fc.constantFrom(
      'field',
      'known field',
      'deep',
      'message',
      'error',
      'frame',
      'cause',
      'child',
      'code',
      'extra',
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 32 }), place, (bytes, where) => {
        for (const form of formsOf(bytes)) {
          const { logger, lines } = logging();
          put(logger, where, form);
          expect(lines()).toHaveLength(1);
          expect(JSON.stringify(lines())).not.toContain(form);
        }
      }),
    );
  });

  it('holds nothing of a request whose handler panics, nor of one that finds nothing', async () => {
    const { logger, lines } = logging();
    const server = Fastify({ loggerInstance: logger as FastifyBaseLogger });
    server.post('/panic/:id', async () => {
      throw Object.assign(new Error(`cannot read ${MARK}\n    at ${MARK} (x:1:1)`), {
        body: MARK,
        url: `https://${MARK}.example`,
      });
    });
    const headers = { authorization: `Bearer ${MARK}`, cookie: MARK, 'x-account': MARK };
    await server.inject({ method: 'POST', url: `/panic/${MARK}?q=${MARK}`, headers, payload: { text: MARK } });
    await server.inject({ method: 'GET', url: `/none/${MARK}?q=${MARK}`, headers });
    await server.close();
    expect(lines().length).toBeGreaterThanOrEqual(3);
    expect(lines().some(({ err }) => err !== undefined)).toBe(true);
    expect(JSON.stringify(lines())).not.toContain(MARK);
  });
});

function put(logger: ReturnType<typeof createLogger>, where: string, form: string): void {
  switch (where) {
    case 'field':
      logger.info({ entry: form, account: form, url: form }, 'text');
      return;
    case 'known field':
      logger.info({ list: form, reqId: form, id: form, subject: `node:${form}`, due: form }, 'text');
      return;
    case 'deep':
      logger.info({ err: { a: { b: [form] } }, list: { form }, headers: { form } }, 'text');
      return;
    case 'message':
      logger.info(`it was ${form} and "${form}" at https://example.org/${form}?a=${form} (/x/${form})`);
      return;
    case 'error':
      logger.error(Object.assign(new Error(form), { body: form, name: form }), form);
      return;
    case 'frame':
      logger.error(new Error(`a\n    at ${form} (${form}:1:1)`));
      return;
    case 'cause':
      logger.error({ err: new Error(form, { cause: new Error(form, { cause: form }) }) }, 'text');
      return;
    case 'code':
      logger.error({ err: Object.assign(new Error('x'), { code: form, sqlState: form }) }, 'text');
      return;
    case 'extra':
      logger.info('text %s %j', form, { form });
      return;
    default:
      logger.child({ account: form, reqId: form }).info('text');
  }
}

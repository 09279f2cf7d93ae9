import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { createLogger } from '../runtime/logger.js';
import { type AttentionDraft, raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import { Alarms, type AlarmsOptions } from './alarms.js';
import { createMailSink, type Mail } from './mail-sink.js';
import { openEffects } from './testing/open-effects.js';
import { Receiver } from './testing/receiver.js';
import { verifySignature } from './webhook-signature.js';

describe.each(DATABASES)('alarms: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    let lines: string[] = [];
    let mails: Mail[] = [];
    const open: (Outbox | Alarms)[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      lines = [];
      mails = [];
      await sql`TRUNCATE outbox, attention, webhook RESTART IDENTITY CASCADE`.execute(database.db);
    });
    afterEach(async () => {
      for (const each of open.splice(0)) await each.close();
    });

    const openAlarms = (options: Partial<AlarmsOptions> = {}) => {
      const { outbox, webhooks } = openEffects(database);
      const logger = createLogger('warn', { write: (line: string) => void lines.push(line) });
      const mail = async (each: Mail) => void mails.push(each);
      const alarms = new Alarms({ database, outbox, webhooks, logger, mail, ...options });
      open.push(alarms, outbox);
      return { outbox, webhooks, alarms };
    };
    const raise = (draft: Partial<AttentionDraft> = {}): Promise<string> =>
      database.transaction((tx) =>
        raiseAttention(tx, { kind: 'disk-low', cause: 'data', subject: 'node:a', ...draft }),
      );
    const settle = (cause: string): Promise<boolean> =>
      database.transaction((tx) => settleAttention(tx, { kind: 'disk-low', cause }, 'service'));

    it('tell the log, the mail and the webhooks of what was raised, once', async () => {
      await using receiver = await Receiver.open();
      const { outbox, webhooks, alarms } = openAlarms({ pollMs: 60_000 });
      const { secret } = await webhooks.add({ name: 'ops', url: receiver.url, kinds: ['attention.raised'] }, 'ann');
      await alarms.start();
      await outbox.start();
      const id = await raise();
      await raise();
      await vi.waitFor(() => expect([lines.length, mails.length, receiver.received.length]).toEqual([1, 1, 1]), {
        timeout: 30_000,
      });
      expect(await alarms.give()).toBe(0);
      const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
      expect(line).not.toHaveProperty('leftOut');
      expect(line).toMatchObject({
        attention: id,
        kind: 'disk-low',
        subject: 'node:a',
        level: 'warn',
        count: expect.any(Number),
        due: expect.stringMatching(/^\d{4}-/),
      });
      expect(mails[0]).toMatchObject({ subject: 'Vigie: The disk is nearly full' });
      expect(mails[0]?.text).toContain(`vigie attention show ${id}`);
      const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
      verifySignature({ headers, body, secret });
      expect(JSON.parse(body)).toMatchObject({ type: 'attention.raised', data: { attention: id, overdue: false } });
    });

    it('are given once when several processes look at the same time', async () => {
      const all = [openAlarms(), openAlarms(), openAlarms()].map(({ alarms }) => alarms);
      await Promise.all(Array.from({ length: 30 }, (_, i) => raise({ cause: `c${i}` })));
      const given = await Promise.all(all.map((alarms) => alarms.give()));
      expect(given.reduce((sum, n) => sum + n)).toBe(30);
      const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM outbox`.execute(database.db);
      expect(rows[0]?.n).toBe(60);
    });

    it('wait for what alarms only when overdue, and come again when it stays so', async () => {
      const { alarms } = openAlarms();
      const backdate = (column: 'due' | 'alarmed_at', minutes: number) =>
        sql`UPDATE attention SET ${sql.ref(column)} = now() - ${minutes}::int * interval '1 minute'`.execute(
          database.db,
        );
      const id = await raise({ kind: 'could-not-tell', cause: 'media-damaged' });
      expect(await alarms.give()).toBe(0);
      await backdate('due', 1);
      expect(await alarms.give()).toBe(1);
      expect(await alarms.give()).toBe(0);
      await backdate('alarmed_at', 23 * 60);
      await backdate('due', 24 * 60);
      expect(await alarms.give()).toBe(0);
      await backdate('alarmed_at', 25 * 60);
      expect(await alarms.give()).toBe(1);
      await sql`UPDATE attention SET state = 'resolved', resolved_at = now() WHERE id = ${id}`.execute(database.db);
      await backdate('alarmed_at', 25 * 60);
      expect(await alarms.give()).toBe(0);
    });

    it('come again once what was told of is overdue, even when somebody has acknowledged it', async () => {
      const { alarms } = openAlarms();
      await raise();
      expect(await alarms.give()).toBe(1);
      await sql`UPDATE attention SET state = 'acknowledged', alarmed_at = now() - interval '1 hour', due = now() - interval '1 minute'`.execute(
        database.db,
      );
      expect(await alarms.give()).toBe(1);
    });

    it('are quiet about what flaps', async () => {
      const { alarms } = openAlarms();
      await raise();
      expect(await alarms.give()).toBe(1);
      for (let i = 0; i < 3; i++) {
        await settle('data');
        await raise();
        expect(await alarms.give()).toBe(0);
      }
      await sql`UPDATE attention SET alarmed_at = now() - interval '11 minutes' WHERE alarmed_at IS NOT NULL`.execute(
        database.db,
      );
      expect(await alarms.give()).toBe(1);
    });

    it('are dropped when it is resolved before they leave', async () => {
      const { outbox, alarms } = openAlarms();
      await raise();
      await alarms.give();
      await settle('data');
      await outbox.start();
      await vi.waitFor(async () => expect(await outbox.ls('dropped', 5)).toHaveLength(2), { timeout: 30_000 });
      expect([lines, mails]).toEqual([[], []]);
    });
  });
});

const noOpenssl = existsSync('/usr/bin/openssl') ? undefined : 'skipped: no openssl to make a certificate with';

describe.skipIf(noOpenssl !== undefined)(noOpenssl ?? 'mail by SMTP', () => {
  let place = '';
  const servers: SMTPServer[] = [];

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'vigie-smtp-'));
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', join(place, 'key.pem'), '-out', join(place, 'cert.pem')],
      ],
      { stdio: 'ignore' },
    );
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  });

  const pem = (name: string): string => readFileSync(join(place, name), 'utf8');
  const listen = async (
    options: SMTPServerOptions = {},
  ): Promise<{ port: number; taken: string[]; users: string[] }> => {
    const taken: string[] = [];
    const users: string[] = [];
    const server = new SMTPServer({
      key: pem('key.pem'),
      cert: pem('cert.pem'),
      closeTimeout: 100,
      authOptional: true,
      onAuth({ username, password }, _session, done) {
        if (password !== 'p w') return done(new Error('no'));
        users.push(username ?? '');
        done(null, { user: username });
      },
      onData(stream, session, done) {
        let text = `secure=${session.secure}\n`;
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        stream.on('end', () => {
          taken.push(text);
          done();
        });
      },
      ...options,
    });
    server.on('error', () => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.server.address() as AddressInfo).port, taken, users };
  };
  const mail: Mail = { id: 'effect1', subject: 'Vigie: The disk is nearly full', text: 'Look.\n' };
  const send = (url: string, ca?: string): Promise<void> =>
    createMailSink({ url, to: ['ops@example.org'], from: 'vigie@example.org', ...(ca === undefined ? {} : { ca }) })(
      mail,
      AbortSignal.timeout(20_000),
    );

  it('goes over TLS, with credentials, by smtps and by STARTTLS', async () => {
    for (const secure of [true, false]) {
      const { port, taken, users } = await listen({ secure });
      await send(`${secure ? 'smtps' : 'smtp'}://ann:p%20w@127.0.0.1:${port}`, pem('cert.pem'));
      expect(users).toEqual(['ann']);
      expect(taken[0]).toMatch(/^secure=true/);
      expect(taken[0]).toContain('Subject: Vigie: The disk is nearly full');
      expect(taken[0]).toContain('Message-ID: <effect1@vigie>');
      expect(taken[0]).toContain('To: ops@example.org');
    }
  });

  it('goes in clear only to this machine and without a password', async () => {
    const plain = await listen({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
    await send(`smtp://127.0.0.1:${plain.port}`);
    expect(plain.taken).toHaveLength(1);
    await expect(send(`smtp://ann:p%20w@127.0.0.1:${plain.port}`)).rejects.toMatchObject({ code: 'effect-refused' });
    expect(plain.users).toEqual([]);
  });

  it('says what went wrong, and nothing of address or password', async () => {
    const trusted = await listen({ secure: true });
    const wrong = send(`smtps://ann:wrong@127.0.0.1:${trusted.port}`, pem('cert.pem'));
    await expect(wrong).rejects.toMatchObject({ code: 'effect-refused' });
    await expect(wrong).rejects.not.toThrow(/wrong@|ann|127/);
    // Its certificate is nobody's that Node trusts.
    await expect(send(`smtps://127.0.0.1:${trusted.port}`)).rejects.toMatchObject({ code: 'effect-failed' });
    const full = await listen({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('full'), { responseCode: 452 })),
    });
    await expect(send(`smtp://127.0.0.1:${full.port}`, pem('cert.pem'))).rejects.toMatchObject({
      code: 'effect-failed',
    });
    const unknown = await listen({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('who'), { responseCode: 550 })),
    });
    await expect(send(`smtp://127.0.0.1:${unknown.port}`, pem('cert.pem'))).rejects.toMatchObject({
      code: 'effect-refused',
    });
  });

  it.each(['http://127.0.0.1', 'smtp://', 'mail', ''])('takes no %s for a server', (url) => {
    expect(() => createMailSink({ url, to: ['a@b.example'], from: 'c@d.example' })).toThrow('VIGIE_SMTP_URL');
  });
});

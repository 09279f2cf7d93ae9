/** Own lists as two persons keep them: over HTTP with keys of their own, and from the command line. */
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { findVideoPrograms } from '../src/media/video/programs.js';
import { vigie } from './command.js';
import { newDataDir, type RunningService, startService } from './service.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const clip = fileURLToPath(new URL('../samples/pictures/crossing.mp4', import.meta.url));
const still = fileURLToPath(new URL('../samples/pictures/crossing-still.jpg', import.meta.url));
const JSON_TYPE = { 'content-type': 'application/json' };

interface Proposal {
  readonly id: string;
  readonly entry: string;
  readonly state: string;
  readonly signals: Record<string, number>;
  readonly lacks: string | null;
  readonly known: {
    readonly total: number;
    readonly entries?: readonly { readonly entry: string; readonly distance: number }[];
  };
  readonly content: { readonly signals: readonly { readonly type: string; readonly value: string }[] } | null;
}

describe('lists of our own', () => {
  let data: string;
  let service: RunningService;
  /** Anna proposes, ben approves and sees; carla may do both. */
  const keys = new Map<string, string>();

  beforeAll(async () => {
    data = await newDataDir();
    service = await startService({ data });
    const own = {
      anna: ['entries:write', 'lists:read', 'scan', 'matches:judge'],
      ben: ['entries:approve', 'lists:read', 'entries:read', 'matches:detail', 'lists:write'],
      carla: ['entries:write', 'entries:approve', 'lists:read', 'attention:read'],
    };
    for (const [name, scopes] of Object.entries(own)) {
      const answer = await service.call('POST', '/v1/keys', JSON.stringify({ name, scopes }), JSON_TYPE);
      keys.set(name, ((await answer.json()) as { key: string }).key);
    }
    expect((await as('ben', 'POST', '/v1/lists', { name: 'own' })).status).toBe(201);
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await rm(data, { recursive: true, force: true });
  });

  const as = async (who: string, method: string, path: string, body?: unknown): Promise<Response> =>
    await fetch(service.address + path, {
      method,
      headers: {
        authorization: `Bearer ${keys.get(who)}`,
        ...(body === undefined || body instanceof FormData ? {} : JSON_TYPE),
      },
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
  const form = (proposal: unknown, bytes: Uint8Array): FormData => {
    const data = new FormData();
    data.set('proposal', JSON.stringify(proposal));
    data.set('media', new Blob([new Uint8Array(bytes)]), 'any.jpg');
    return data;
  };
  const read = async (answer: Promise<Response>): Promise<Proposal> => (await (await answer).json()) as Proposal;
  const code = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;
  const scan = async (bytes: Uint8Array) => {
    const sent = { authorization: `Bearer ${keys.get('anna')}`, 'content-type': 'application/octet-stream' };
    const answer = await fetch(`${service.address}/v1/scan`, {
      method: 'POST',
      headers: sent,
      body: new Uint8Array(bytes),
    });
    return (await answer.json()) as { scan: string; verdict: string; matches: { list: string; entry: string }[] };
  };
  const cli = async (...args: string[]) => await vigie([...args, '--data', data]);

  it('leads a picture from its proposal to its match, by two', async () => {
    const picture = await photographLikeJpeg(640, 480, 11);
    const edited = await sharp(picture).resize(500).flop().jpeg({ quality: 60 }).toBuffer();
    const made = await read(
      as('anna', 'POST', '/v1/lists/own/proposals', form({ entry: { grade: 'A' }, reason: 'case 1' }, picture)),
    );
    expect(made).toMatchObject({ state: 'proposed', lacks: null, known: { total: 0 } });
    expect(made.signals).toEqual({ md5: 1, sha1: 1, sha256: 1, pdq: 1 });
    expect((await scan(edited)).verdict).toBe('no-match');

    expect((await as('anna', 'POST', `/v1/proposals/${made.id}/approve`, {})).status).toBe(403);
    expect((await read(as('anna', 'GET', `/v1/proposals/${made.id}`))).content).toBeNull();
    const seen = await read(as('ben', 'GET', `/v1/proposals/${made.id}`));
    expect(seen.content?.signals.map(({ type }) => type)).toEqual(['md5', 'sha1', 'sha256', 'pdq']);
    const approved = await as('ben', 'POST', `/v1/proposals/${made.id}/approve`, { reason: 'looked at it' });
    expect([approved.status, ((await approved.json()) as Proposal).state]).toEqual([200, 'approved']);
    const verdict = await scan(edited);
    expect(verdict).toMatchObject({ verdict: 'match', matches: [{ list: 'own', entry: made.entry }] });

    // The same again is known, and told to each as far as they may know.
    const again = { entry: { id: 'again' }, reason: 'case 2' };
    const known = await read(as('anna', 'POST', '/v1/lists/own/proposals', form(again, edited)));
    expect(known.known).toEqual({ total: 1 });
    const [near] = (await read(as('ben', 'GET', `/v1/proposals/${known.id}`))).known.entries ?? [];
    expect(near?.entry).toBe(made.entry);
    expect(near?.distance).toBeLessThanOrEqual(31);
    expect((await as('anna', 'DELETE', `/v1/proposals/${known.id}`)).status).toBe(200);

    const judged = { list: 'own', entry: made.entry, opinion: 'refuted', reason: 'something else' };
    const told = await as('anna', 'POST', `/v1/verdicts/${verdict.scan}/feedback`, judged);
    expect(await told.json()).toMatchObject({
      feedback: 'no-source',
      disputed: true,
      derived: { state: 'not-needed' },
    });
    const list = (await (await as('anna', 'GET', '/v1/lists/own')).json()) as { judged: unknown; approval: string };
    expect(list).toMatchObject({ approval: 'two-person', judged: { confirmed: 0, refuted: 1 } });
  });

  it('lets nobody approve their own, add past the second person, or lift that alone', async () => {
    const signals = [{ type: 'md5', value: '9e107d9d372bb6826bd81d3542a419d6' }];
    const made = await read(as('carla', 'POST', '/v1/lists/own/proposals', { entry: { signals }, reason: 'case 3' }));
    const own = await as('carla', 'POST', `/v1/proposals/${made.id}/approve`, {});
    expect([own.status, await code(own)]).toEqual([403, 'approval-own']);
    const attention = (await (await as('carla', 'GET', '/v1/attention?kind=proposal-waits')).json()) as {
      attention: unknown[];
    };
    expect(attention.attention).toHaveLength(1);
    const added = await as('anna', 'POST', '/v1/lists/own/entries', { entries: [{ signals }] });
    expect([added.status, await code(added)]).toEqual([409, 'approval-required']);
    const lifted = await as('ben', 'PUT', '/v1/lists/own/approval', { approval: 'none' });
    expect([lifted.status, await code(lifted)]).toEqual([409, 'approval-required']);
    const bad = await as('anna', 'POST', '/v1/lists/own/proposals', {
      entry: { signals: [{ type: 'md5', value: 'x' }] },
      reason: 'r',
    });
    expect([bad.status, await code(bad)]).toEqual([400, 'signal-invalid']);
    expect((await as('ben', 'POST', `/v1/proposals/${made.id}/refuse`, { reason: 'not sure' })).status).toBe(200);
    const late = await as('ben', 'POST', `/v1/proposals/${made.id}/approve`, {});
    expect([late.status, await code(late)]).toEqual([409, 'proposal-closed']);
  });

  it('ends an entry by itself', async () => {
    const bytes = await photographLikeJpeg(320, 240, 12);
    const until = new Date(Date.now() + 4_000).toISOString();
    const made = await read(
      as('anna', 'POST', '/v1/lists/own/proposals', form({ reason: 'for a moment', until }, bytes)),
    );
    expect((await as('ben', 'POST', `/v1/proposals/${made.id}/approve`, {})).status).toBe(200);
    await vi.waitFor(async () => expect((await scan(bytes)).verdict).toBe('no-match'), {
      timeout: 30_000,
      interval: 200,
    });
    const shown = (await (await as('ben', 'GET', `/v1/lists/own/entries/${made.entry}`)).json()) as { status: string };
    expect(shown.status).toBe('inactive');
  });

  it.skipIf(findVideoPrograms() === undefined)('takes a clip, from the command line', async () => {
    const proposed = await cli('entry', 'propose', 'own', clip, '--grade', 'B', '--reason', 'case 5');
    expect(proposed).toMatchObject({ code: 0 });
    const id = proposed.stdout.trim();
    const listed = JSON.parse((await cli('entry', 'proposals', '--format', 'json')).stdout) as Proposal[];
    expect(listed.find((each) => each.id === id)?.signals).toMatchObject({ md5: 1, sha256: 1 });
    expect(listed.find((each) => each.id === id)?.signals['vpdq']).toBeGreaterThan(2);
    const alone = await cli('entry', 'approve', id);
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining('[approval-own]')]);
    expect((await as('ben', 'POST', `/v1/proposals/${id}/approve`, {})).status).toBe(200);
    const verdict = await scan(await readFile(still));
    expect(verdict).toMatchObject({ verdict: 'match', matches: [{ list: 'own' }] });
    const entry = verdict.matches[0]?.entry ?? '';
    const confirmed = await cli(
      'verdict',
      'confirm',
      verdict.scan,
      '--match',
      `own/${entry}`,
      '--reason',
      'looked at it',
    );
    expect([confirmed.code, confirmed.stderr]).toEqual([0, expect.stringContaining('has no source')]);
    expect((await cli('list', 'show', 'own')).stdout).toMatch(/judged +1 confirmed/);
  });

  it('makes lists and decides, from the command line', async () => {
    expect((await cli('list', 'create', 'quick', '--approval', 'none')).code).toBe(0);
    const signals = [{ type: 'sha1', value: '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12' }];
    expect((await as('anna', 'POST', '/v1/lists/quick/entries', { entries: [{ id: 'q', signals }] })).status).toBe(201);
    expect((await cli('list', 'approval', 'quick')).code).toBe(0);
    expect((await as('anna', 'POST', '/v1/lists/quick/entries', { entries: [{ signals }] })).status).toBe(409);
    expect((await cli('list', 'withdraw', 'quick', 'q', '--reason', 'a test')).code).toBe(0);
    const back = await cli('list', 'restore', 'quick', 'q', '--reason', 'a test');
    expect([back.code, back.stderr]).toEqual([1, expect.stringContaining('[approval-required]')]);
    const restore = await read(
      as('anna', 'POST', '/v1/lists/quick/proposals', { act: 'restore', entry: { id: 'q' }, reason: 'r' }),
    );
    expect((await cli('entry', 'proposal', restore.id)).stdout).toContain('restore');
    expect((await cli('entry', 'approve', restore.id)).code).toBe(0);
    const hash = await cli(
      'entry',
      'propose',
      'quick',
      '--hash',
      `sha1:${signals[0]?.value}`,
      '--reason',
      'r',
      '--id',
      'other',
    );
    expect(hash).toMatchObject({ code: 0, stderr: expect.stringContaining('The lists know 1') });
    expect((await cli('entry', 'take-back', hash.stdout.trim())).code).toBe(0);
  });
});

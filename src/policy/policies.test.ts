import { sql } from 'kysely';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { Database } from '../storage/database.js';
import type { EventDraft, RecordEvent } from '../storage/events/event-kinds.js';
import { DEFAULT_POLICY } from './default-policy.js';
import { Policies } from './policies.js';

const OTHER = `policy: 1
rules:
  - name: known
    when: { verdict: match, list: [hotline, nowhere] }
    do: [hide, open-case]
`;

describe.each(DATABASES)('Policies: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  const opened: Policies[] = [];
  let database: Database;
  let events: EventDraft[] = [];
  const record: RecordEvent = async (_tx, draft) => {
    events.push(draft);
    return 'event';
  };
  const open = async () => {
    const listNames = async () => ['hotline'];
    const policies = await Policies.open({
      ...{ database, record, listNames },
      failed: (error) => {
        throw error;
      },
    });
    opened.push(policies);
    return policies;
  };

  openedBefore({ missing, start }, (made) => {
    database = made;
  });
  beforeEach(async () => {
    if (missing !== undefined) return;
    for (const each of opened.splice(0)) await each.close();
    await sql`TRUNCATE policy_version`.execute(database.db);
    events = [];
    return async () => {
      for (const each of opened.splice(0)) await each.close();
    };
  });

  it('begins with the default policy, once, however many start at once', async () => {
    const all = await Promise.all([open(), open(), open()]);
    expect(all.map((each) => each.active().number)).toEqual([1, 1, 1]);
    expect(await all[0]?.ls()).toMatchObject([{ number: 1, state: 'active' }]);
    expect(await all[0]?.show(1)).toMatchObject({ source: DEFAULT_POLICY });
    expect(events.map(({ kind }) => kind)).toEqual(['policy.added', 'policy.activated']);
  });

  it('is followed by every process, and brings a retired version back', async () => {
    const [here, there] = [await open(), await open()];
    const draft = await here.add({ source: OTHER, note: 'hide only' }, 'alice');
    expect(draft).toMatchObject({ number: 2, state: 'draft', createdBy: 'alice' });
    expect(draft.warnings).toEqual([{ line: 3, text: 'rule "known": when.list: there is no list nowhere' }]);
    expect(there.active().number).toBe(1);
    await here.activate(2, { reason: 'seen by two', by: 'bob' });
    expect(here.active().number).toBe(2);
    await vi.waitFor(() => expect(there.active().number).toBe(2), { timeout: 30_000 });
    expect(there.active().rules.map(({ name }) => name)).toEqual(['known']);
    await there.activate(1, { reason: 'back', by: 'bob' });
    await vi.waitFor(() => expect(here.active().number).toBe(1), { timeout: 30_000 });
    expect((await here.ls()).map(({ number, state }) => [number, state])).toEqual([
      [2, 'retired'],
      [1, 'active'],
    ]);
    expect(events.slice(-2)).toMatchObject([
      { kind: 'policy.activated', actor: 'bob', refs: { policy: 2, before: 1 }, payload: { reason: 'seen by two' } },
      { kind: 'policy.activated', refs: { policy: 1, before: 2 }, payload: { reason: 'back' } },
    ]);
  });

  it('keeps nothing that cannot be used, and says why', async () => {
    const policies = await open();
    const wrong = OTHER.replace('[hide, open-case]', '[suspend-account]');
    await expect(policies.add({ source: wrong, note: '' }, 'alice')).rejects.toMatchObject({
      code: 'policy-invalid',
      detail: expect.stringMatching(/^policy\.yaml:5: rule "known": do: suspend-account needs a person/),
    });
    const reason = { reason: 'r', by: 'b' };
    await expect(policies.activate(7, reason)).rejects.toMatchObject({ code: 'policy-not-found' });
    await expect(policies.activate(1, reason)).rejects.toMatchObject({ code: 'policy-active' });
    await expect(policies.show(7)).rejects.toMatchObject({ code: 'policy-not-found' });
    expect(await policies.ls()).toHaveLength(1);
    expect(events).toHaveLength(2);
  });

  it('ends with one active version when several are activated at once', async () => {
    const [here, there] = [await open(), await open()];
    for (let i = 0; i < 4; i++) await here.add({ source: OTHER, note: String(i) }, 'alice');
    const all = [2, 3, 4, 5].map((number, i) => (i % 2 ? here : there).activate(number, { reason: 'r', by: 'b' }));
    await Promise.all(all);
    const active = (await here.ls()).filter(({ state }) => state === 'active');
    expect(active).toHaveLength(1);
    await Promise.all([here.follow(), there.follow()]);
    expect([here.active().number, there.active().number]).toEqual([active[0]?.number, active[0]?.number]);
  });

  it('says rule by rule what another version says otherwise', async () => {
    const policies = await open();
    const rewritten = DEFAULT_POLICY.replace('distance: 0-16', 'distance: 0-8').replace(
      'name: keywords',
      'name: words',
    );
    await policies.add({ source: rewritten, note: 'nearer' }, 'alice');
    await policies.add({ source: `# another comment\n${DEFAULT_POLICY}`, note: 'the same' }, 'alice');
    expect(await policies.diff(1, 3)).toEqual({ added: [], removed: [], changed: [], reordered: false });
    const diff = await policies.diff(1, 2);
    expect(diff).toMatchObject({ added: ['words'], removed: ['keywords'], reordered: false });
    expect(diff.changed.map(({ rule }) => rule)).toEqual(['known']);
    expect(diff.changed[0]?.after).toContain('distance: 0-8');
  });
});

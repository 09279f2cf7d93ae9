import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Element, xml } from '@xmpp/client';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Act, Order, Target } from '../../enforcement/acts.js';
import type { Platform, PlatformHouse } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { GuardedClient } from '../../net/guarded-client.js';
import { drain, httpRequest } from '../../runtime/http-request.js';
import { KeptIntake } from '../testing/kept-intake.js';
import { NS } from './namespaces.js';
import { NEWER_ROOMS, PLAIN_ROOMS, prosodyMissing, ROOMS, TestProsody } from './testing/prosody.js';
import { eventually, picture, TestClient } from './testing/test-client.js';
import { xmpp } from './xmpp.js';

const BOT = 'vigie';
const LOBBY = `lobby@${ROOMS}`;
const SIDE = `side@${ROOMS}`;
const NEWER = `lobby@${NEWER_ROOMS}`;
const PLAIN = `lobby@${PLAIN_ROOMS}`;
const OLD = `old@${ROOMS}`;
const OPEN = `rightless@${ROOMS}`;
const HIDDEN = `hidden@${ROOMS}`;
const missing = prosodyMissing();

/** A bot at work: its platform, what it handed in, and how it is ended. */
interface Bot {
  readonly platform: Platform;
  readonly intake: KeptIntake;
  readonly ended: Promise<unknown>;
  readonly stop: () => Promise<unknown>;
}

describe.skipIf(missing !== undefined)(
  `XMPP on Prosody${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let prosody: TestProsody;
    let owner: TestClient;
    let user: TestClient;
    let other: TestClient;
    let bot: Bot;
    const house: PlatformHouse = {
      client: new GuardedClient({ allow: ['127.0.0.0/8'] }),
      logger: { info: () => undefined, warn: () => undefined },
      now: Date.now,
    };

    function start(intake = new KeptIntake(), more: object = {}, password = BOT): Bot {
      const settings = xmpp.settings.parse({
        ...{ account: `${BOT}@localhost`, address: prosody.address, rooms: [LOBBY, SIDE, NEWER, PLAIN, OPEN, HIDDEN] },
        ...more,
      });
      const platform = xmpp.open(settings, { password }, house);
      const ending = new AbortController();
      const stop = async () => {
        ending.abort();
        return await ended;
      };
      const ended = platform.run(intake, ending.signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      return { platform, intake, ended, stop };
    }

    beforeAll(async () => {
      prosody = await TestProsody.start([BOT, 'owner', 'user', 'other', 'troll'], BOT);
      [owner, user, other] = (await Promise.all(
        ['owner', 'user', 'other'].map((name) => TestClient.signIn(prosody, name)),
      )) as [TestClient, TestClient, TestClient];
      for (const room of [LOBBY, SIDE, NEWER, PLAIN, OPEN, HIDDEN, OLD]) {
        await owner.join(room);
        await owner.configure(room, {
          'muc#roomconfig_persistentroom': '1',
          'muc#roomconfig_publicroom': room === HIDDEN ? '0' : '1',
        });
        if (room !== OPEN)
          await owner.affiliate(room, `${BOT}@localhost`, room === SIDE || room === LOBBY ? 'owner' : 'admin');
      }
      await user.join(LOBBY);
      await other.join(LOBBY);
      bot = start();
      await joined(LOBBY);
      await eventually(() => bot.intake.troubles.has(`act-refused ${OPEN}`));
    }, 60_000);

    // What the server said helps whoever looks for the cause of a failure.
    afterEach(({ task }) => {
      if (task.result?.state === 'fail') process.stderr.write(prosody.output.slice(-4_000));
    });

    afterAll(async () => {
      await bot?.stop();
      await Promise.all([owner, user, other].map((client) => client?.signOut()));
      await prosody?.stop();
    }, 30_000);

    /** Whether the bot is in a room and has caught up, as everybody sees: it hands in what is said. */
    async function joined(room: string, by = owner): Promise<void> {
      const said = await by.say(room, xml('body', {}, `are you there? ${randomUUID()}`));
      await eventually(() => item(`${room}/${said.id}`));
    }

    /** Whether the bot hands in what is said just now, also where it cannot read what was said before. */
    async function hears(room: string): Promise<void> {
      const said: string[] = [];
      let next = 0;
      await eventually(() => {
        if (Date.now() > next) {
          next = Date.now() + 300;
          void owner.say(room, xml('body', {}, 'can you hear me?')).then(({ id }) => said.push(id));
        }
        return said.some((id) => item(`${room}/${id}`));
      });
    }

    const item = (id: string, revision?: string) =>
      bot.intake.items.find((each) => each.id === id && each.revision === revision);

    function order(act: Act, target: Partial<Target>, message: string | null = null, id: string = randomUUID()): Order {
      return {
        id,
        act,
        message,
        target: { item: null, room: null, account: null, media: [], sharedAt: null, ...target },
      };
    }

    const act = async (wanted: Order) => await bot.platform.act(wanted, AbortSignal.timeout(20_000));
    const refusal = async (wanted: Order) => {
      const error = await act(wanted).then(
        (outcome) => outcome,
        (thrown: unknown) => thrown,
      );
      return error instanceof VigieError ? error.code : error;
    };

    async function drawn(): Promise<Buffer> {
      const raw = { width: 32, height: 32, channels: 3 } as const;
      return await sharp(randomBytes(32 * 32 * 3), { raw })
        .png()
        .toBuffer();
    }

    const statusOf = async (url: string) => {
      const { status, body } = await httpRequest(new URL(url));
      await drain(body);
      return status;
    };

    const takenBack = (id: string) => (stanza: { toString(): string }) =>
      /<moderated|<retract/.test(stanza.toString()) && stanza.toString().includes(id);

    it('hands in a picture that was uploaded, takes it back and takes the upload down', {
      timeout: 30_000,
    }, async () => {
      const bytes = await drawn();
      const upload = await user.upload(bytes);
      const { id } = await user.say(LOBBY, ...picture(upload.get));
      const handed = await eventually(() => item(`${LOBBY}/${id}`));
      expect(handed).toMatchObject({
        room: LOBBY,
        account: user.account,
        surface: 'public',
        media: [{ url: upload.get }],
      });
      expect(await statusOf(upload.get)).toBe(200);

      const remove = order('remove', { item: handed.id, media: [{ url: upload.get, ref: null }] }, 'not allowed here');
      expect(await act(remove)).toBe('done');
      await other.sees(takenBack(id));
      expect([404, 410]).toContain(await statusOf(upload.get));
      // The slot may still be used for some minutes: it must not bring the picture back.
      expect(await upload.again()).toBe(410);
      expect([404, 410]).toContain(await statusOf(upload.get));
      expect(await act(remove)).toBe('already');
      expect(bot.intake.gones).not.toContain(handed.id);
    });

    it('takes what an edit shows as another form of the same, and takes back all forms', {
      timeout: 30_000,
    }, async () => {
      const [first, second] = [await user.upload(await drawn()), await user.upload(await drawn())];
      const before = await user.say(LOBBY, xml('body', {}, 'look'), ...picture(first.get).slice(1));
      const correction = xml('replace', { xmlns: NS.correct, id: before.sentId });
      const after = await user.say(LOBBY, ...picture(second.get), correction);
      const id = `${LOBBY}/${before.id}`;
      const edited = await eventually(() => item(id, after.id));
      expect(edited.media).toMatchObject([{ url: second.get }]);
      // Nobody else can make theirs a form of it.
      const foreign = await other.say(LOBBY, xml('body', {}, 'mine'), correction);
      await eventually(() => item(`${LOBBY}/${foreign.id}`));

      expect(await act(order('remove', { item: id, media: [{ url: second.get, ref: null }] }))).toBe('done');
      await other.sees(takenBack(before.id));
      await other.sees(takenBack(after.id));
      expect(await Promise.all([first.get, second.get].map(statusOf))).not.toContain(200);
    });

    it('sees files in each way that clients send them', { timeout: 30_000 }, async () => {
      const upload = await user.upload(await drawn());
      const small = await drawn();
      const cid = `sha1+${createHash('sha1').update(small).digest('hex')}@bob.xmpp.org`;
      const ways = [
        [xml('body', {}, `see ${upload.get}, nice`)],
        [
          xml(
            'file-sharing',
            { xmlns: NS.fileSharing },
            xml('file', { xmlns: NS.fileMetadata }, xml('name', {}, 'a.png')),
            xml('sources', {}, xml('url-data', { xmlns: NS.urlData, target: upload.get })),
          ),
          xml('body', {}, 'a file'),
        ],
        [
          xml('body', {}, 'a reference'),
          xml(
            'reference',
            { xmlns: NS.reference, type: 'data' },
            xml(
              'media-sharing',
              { xmlns: NS.sims },
              xml('sources', {}, xml('reference', { xmlns: NS.reference, type: 'data', uri: upload.get })),
            ),
          ),
        ],
        [xml('body', {}, 'markup'), markup({ src: upload.get })],
      ];
      for (const parts of ways) {
        const { id } = await user.say(LOBBY, ...parts);
        const handed = await eventually(() => item(`${LOBBY}/${id}`));
        expect(handed.media).toMatchObject([{ url: upload.get }]);
      }
      const data = xml('data', { xmlns: NS.bob, cid, type: 'image/png' }, small.toString('base64'));
      const within = await user.say(LOBBY, xml('body', {}, 'inline'), markup({ src: `cid:${cid}` }), data);
      const ref = (await eventually(() => item(`${LOBBY}/${within.id}`))).media?.[0]?.ref ?? '';
      const read = await xmpp.fetch?.(
        xmpp.settings.parse({ account: 'a@b', rooms: ['r@b'] }),
        { password: 'x' },
        house,
        ref,
        AbortSignal.timeout(5_000),
      );
      expect((await collected(read)).equals(small)).toBe(true);
      // A picture that is shown and given by nobody is not left out.
      const lost = await user.say(LOBBY, xml('body', {}, 'where?'), markup({ src: 'cid:sha1+00@bob.xmpp.org' }));
      const kept = await eventually(() => item(`${LOBBY}/${lost.id}`));
      expect(kept.media?.[0]?.ref).toMatch(/^lost:/);
    });

    it('speaks the newer way of moderating as well', { timeout: 30_000 }, async () => {
      await user.join(NEWER);
      const upload = await user.upload(await drawn());
      const { id } = await user.say(NEWER, ...picture(upload.get));
      await eventually(() => item(`${NEWER}/${id}`));
      expect(await act(order('remove', { item: `${NEWER}/${id}`, media: [] }))).toBe('done');
      await user.sees(takenBack(id));
      expect(await statusOf(upload.get)).not.toBe(200);
    });

    it('takes the upload down and says so honestly where a room cannot be moderated', { timeout: 30_000 }, async () => {
      await user.join(PLAIN);
      const upload = await user.upload(await drawn());
      await user.say(PLAIN, ...picture(upload.get));
      const handed = await eventually(() =>
        bot.intake.items.find(({ room, media }) => room === PLAIN && media?.[0]?.url === upload.get),
      );
      expect(bot.intake.troubles).toContain(`act-unsupported ${PLAIN}`);
      expect(await refusal(order('remove', { item: handed.id }))).toBe('act-unsupported');
      expect(await statusOf(upload.get)).not.toBe(200);
    });

    it('says that rights are missing, and that they are there again', { timeout: 30_000 }, async () => {
      await user.join(OPEN);
      const { id } = await user.say(OPEN, xml('body', {}, 'hello'));
      await eventually(() => item(`${OPEN}/${id}`));
      expect(bot.intake.troubles).toContain(`act-refused ${OPEN}`);
      expect(await refusal(order('remove', { item: `${OPEN}/${id}` }))).toBe('act-refused');
      expect(await refusal(order('restrict-room', { room: OPEN }))).toBe('act-refused');
      await owner.affiliate(OPEN, `${BOT}@localhost`, 'admin');
      await eventually(() => !bot.intake.troubles.has(`act-refused ${OPEN}`));
      expect(await act(order('remove', { item: `${OPEN}/${id}` }))).toBe('done');
    });

    it('does not hand in what is said in a hidden room', { timeout: 30_000 }, async () => {
      await user.join(HIDDEN);
      await user.say(HIDDEN, xml('body', {}, 'between us'));
      await eventually(() => bot.intake.troubles.has(`room-private ${HIDDEN}`));
      expect(bot.intake.items.filter(({ room }) => room === HIDDEN)).toEqual([]);
    });

    it('bans somebody everywhere and lets them back', { timeout: 30_000 }, async () => {
      const troll = await TestClient.signIn(prosody, 'troll');
      await troll.join(LOBBY);
      const { id } = await troll.say(LOBBY, xml('body', {}, 'here I am'));
      const { account = '' } = await eventually(() => item(`${LOBBY}/${id}`));
      expect(await act(order('suspend-account', { account }))).toBe('done');
      await troll.sees((stanza) => stanza.attrs['type'] === 'unavailable' && hasStatus(stanza, '301'));
      expect(await act(order('suspend-account', { account }))).toBe('already');
      expect(await act(order('reinstate-account', { account }))).toBe('done');
      expect(await refusal(order('suspend-account', { account: owner.account }))).toBe('act-refused');
      expect(await refusal(order('suspend-account', { account: `${LOBBY}/somebody` }))).toBe('act-refused');
      await troll.signOut();
    });

    it('restricts, closes and opens a room again', { timeout: 30_000 }, async () => {
      await user.join(SIDE);
      expect(await act(order('restrict-room', { room: SIDE }))).toBe('done');
      await user.sees(
        ({ name, attrs, children }) =>
          name === 'presence' && attrs['from'] === `${SIDE}/user` && children.join().includes('visitor'),
      );
      expect(await act(order('restrict-room', { room: SIDE }))).toBe('already');
      expect(await act(order('close-room', { room: SIDE }))).toBe('done');
      await user.sees(
        ({ name, attrs }) => name === 'presence' && attrs['from'] === `${SIDE}/user` && attrs['type'] === 'unavailable',
      );
      expect(await act(order('reopen-room', { room: SIDE }))).toBe('done');
      expect(await act(order('reopen-room', { room: SIDE }))).toBe('already');
      const other2 = await TestClient.signIn(prosody, 'troll');
      await other2.join(SIDE);
      await joined(SIDE, other2);
      await other2.signOut();
    });

    it('changes no room before it is noted how it was, and says when somebody could not be silenced', {
      timeout: 30_000,
    }, async () => {
      const isModerated = async () => {
        const answer = await owner.session.ask('get', SIDE, xml('query', { xmlns: NS.discoInfo }));
        const features = answer.getChild('query', NS.discoInfo)?.getChildren('feature') ?? [];
        return features.some(({ attrs }) => attrs['var'] === 'muc_moderated');
      };
      bot.intake.forgetful = true;
      expect(await refusal(order('restrict-room', { room: SIDE }))).toBe('database-unavailable');
      expect(await isModerated()).toBe(false);
      bot.intake.forgetful = false;
      await other.session.send(xml('presence', { to: `${SIDE}/stuck` }, xml('x', { xmlns: NS.muc })));
      await owner.sees(({ name, attrs }) => name === 'presence' && attrs['from'] === `${SIDE}/stuck`);
      expect(await refusal(order('restrict-room', { room: SIDE }))).toBe('platform-unreachable');
      expect(await isModerated()).toBe(true);
      await other.session.send(xml('presence', { to: `${SIDE}/stuck`, type: 'unavailable' }));
      await owner.sees(
        ({ name, attrs }) =>
          name === 'presence' && attrs['from'] === `${SIDE}/stuck` && attrs['type'] === 'unavailable',
      );
      expect(await act(order('restrict-room', { room: SIDE }))).toBe('already');
      expect(await act(order('reopen-room', { room: SIDE }))).toBe('done');
      expect(await isModerated()).toBe(false);
    });

    it('says something to a room and to an author, once', { timeout: 30_000 }, async () => {
      const said = order('notify-room', { room: LOBBY }, 'A message was removed.');
      expect(await act(said)).toBe('done');
      await user.sees(({ attrs }) => attrs['id'] === said.id);
      expect(await act(said)).toBe('already');
      const told = order('notify-author', { account: user.account }, 'Your message was removed.');
      expect(await act(told)).toBe('done');
      await user.sees(({ attrs }) => attrs['id'] === told.id && attrs['type'] === 'chat');
      expect(await act(told)).toBe('already');
      expect(await refusal(order('notify-author', { account: 'nobody@localhost' }, 'hello'))).toBe('act-refused');
      expect(await refusal(order('hide', { item: `${LOBBY}/x` }))).toBe('act-unsupported');
    });

    it('passes reports on: by blocking, by an answer, and sent directly', { timeout: 30_000 }, async () => {
      const { id } = await user.say(LOBBY, xml('body', {}, 'something bad'));
      await eventually(() => item(`${LOBBY}/${id}`));
      const report = xml(
        'report',
        { xmlns: NS.reporting, reason: 'urn:xmpp:reporting:abuse' },
        xml('stanza-id', { xmlns: NS.stanzaId, by: LOBBY, id }),
        xml('text', {}, 'look at this'),
      );
      const block = xml('block', { xmlns: 'urn:xmpp:blocking' }, xml('item', { jid: `${LOBBY}/user` }, report));
      await other.session.ask('set', other.account, block);
      await other.session.ask('set', other.account, xml('unblock', { xmlns: 'urn:xmpp:blocking' }));
      await owner.session.send(xml('message', { to: `${BOT}@localhost`, type: 'chat' }, report));
      await other.say(LOBBY, xml('reply', { xmlns: NS.reply, id }), xml('body', {}, '!report so bad'));
      await eventually(() => bot.intake.reports.length === 3);
      expect(
        bot.intake.reports
          .map(({ item: reported, reporter, reason, text }) => [reported, reporter, reason, text])
          .sort(),
      ).toEqual(
        [
          [`${LOBBY}/${id}`, other.account, 'abuse', 'look at this'],
          [`${LOBBY}/${id}`, owner.account, 'abuse', 'look at this'],
          [`${LOBBY}/${id}`, other.account, 'abuse', 'so bad'],
        ].sort(),
      );
    });

    it('hears of it when a moderator takes something back, unless an upload of it is left', {
      timeout: 30_000,
    }, async () => {
      const upload = await user.upload(await drawn());
      const words = await user.say(LOBBY, xml('body', {}, 'only words'));
      const shown = await user.say(LOBBY, ...picture(upload.get));
      // What somebody in the room says of moderation is nothing but words.
      const lie = xml(
        'apply-to',
        { xmlns: NS.fasten, id: words.id },
        xml('moderated', { xmlns: NS.moderateOld }, xml('retract', { xmlns: NS.retractOld })),
      );
      const lied = await other.say(LOBBY, lie, xml('body', {}, 'gone!'));
      await eventually(() => item(`${LOBBY}/${lied.id}`));
      expect(bot.intake.gones).toEqual([]);
      for (const { id } of [shown, words]) {
        const moderate = xml('moderate', { xmlns: NS.moderateOld }, xml('retract', { xmlns: NS.retractOld }));
        await owner.session.ask('set', LOBBY, xml('apply-to', { xmlns: NS.fasten, id }, moderate));
      }
      await eventually(() => bot.intake.gones.length > 0);
      expect(bot.intake.gones).toEqual([`${LOBBY}/${words.id}`]);
      expect(await act(order('remove', { item: `${LOBBY}/${shown.id}` }))).toBe('done');
      expect(await statusOf(upload.get)).not.toBe(200);
    });

    it('catches up after a restart, with edits of what it saw before; and waits while the house is full', {
      timeout: 60_000,
    }, async () => {
      const early = await user.say(LOBBY, xml('body', {}, 'first form'));
      await eventually(() => item(`${LOBBY}/${early.id}`));
      await bot.stop();
      const later: { readonly id: string }[] = [];
      for (let i = 0; i < 60; i++) later.push(await user.say(LOBBY, xml('body', {}, `while nobody listened ${i}`)));
      const edit = await user.say(
        LOBBY,
        xml('body', {}, 'second form'),
        xml('replace', { xmlns: NS.correct, id: early.sentId }),
      );
      bot.intake.full = true;
      bot = start(bot.intake);
      await eventually(() => bot.intake.signs > 0);
      bot.intake.full = false;
      await joined(LOBBY);
      expect(later.filter(({ id }) => item(`${LOBBY}/${id}`)?.lane !== 'live')).toEqual([]);
      expect(item(`${LOBBY}/${early.id}`, edit.id)?.text).toBe('second form');
    });

    it('loses nothing when an archive breaks off half-way, and goes on looking meanwhile', {
      timeout: 60_000,
    }, async () => {
      const missed = async (from: string) => {
        const said: { readonly id: string }[] = [];
        for (let i = 0; i < 60; i++) said.push(await user.say(LOBBY, xml('body', {}, `${from} ${i}`)));
        return said;
      };
      const handed = (said: readonly { readonly id: string }[]) => said.every(({ id }) => item(`${LOBBY}/${id}`));
      await bot.stop();
      const first = await missed('before it broke');
      prosody.archiveAway(true);
      bot = start(bot.intake);
      await eventually(() => bot.intake.troubles.has(`archive-unread ${LOBBY}`));
      await hears(LOBBY);
      expect(handed(first)).toBe(false);
      // What was said meanwhile did not move the mark: the next connection begins where it broke off.
      await bot.stop();
      const second = await missed('between');
      bot = start(bot.intake);
      await hears(LOBBY);
      expect(handed([...first, ...second])).toBe(false);
      prosody.archiveAway(false);
      await eventually(() => handed([...first, ...second]));
      await eventually(() => !bot.intake.troubles.has(`archive-unread ${LOBBY}`));
    });

    it('knows its own words by who said them, not by the name', { timeout: 30_000 }, async () => {
      await bot.stop();
      const urls: string[] = [];
      for (const room of [LOBBY, PLAIN]) {
        const upload = await user.upload(await drawn());
        await user.session.send(xml('presence', { to: `${room}/Vigie` }));
        await user.sees(({ name, attrs }) => name === 'presence' && attrs['from'] === `${room}/Vigie`);
        const sent = xml('message', { to: room, type: 'groupchat', id: randomUUID() }, ...picture(upload.get));
        await user.session.send(sent);
        await owner.sees(({ attrs }) => attrs['id'] === sent.attrs['id']);
        await user.session.send(xml('presence', { to: `${room}/user` }));
        await user.sees(({ name, attrs, children }) => {
          const back = name === 'presence' && attrs['from'] === `${room}/user` && attrs['type'] === undefined;
          return back && children.join().includes('110');
        });
        urls.push(upload.get);
      }
      bot = start(bot.intake);
      await eventually(() => urls.every((url) => bot.intake.items.some(({ media }) => media?.[0]?.url === url)));
      // And what we say is not looked at.
      const said = order('notify-room', { room: LOBBY }, 'A message was removed.');
      expect(await act(said)).toBe('done');
      await joined(LOBBY);
      expect(bot.intake.items.some(({ text }) => text === 'A message was removed.')).toBe(false);
    });

    it('looks at what was there before, in the slow lane', { timeout: 30_000 }, async () => {
      await user.join(OLD);
      const said: { readonly id: string }[] = [];
      for (let i = 0; i < 55; i++) said.push(await user.say(OLD, xml('body', {}, `long ago ${i}`)));
      await bot.stop();
      bot = start(bot.intake, { rooms: [LOBBY], service: ROOMS });
      await eventually(() => said.every(({ id }) => item(`${OLD}/${id}`)));
      expect(new Set(said.map(({ id }) => item(`${OLD}/${id}`)?.lane))).toEqual(new Set(['backfill']));
    });

    it('comes back when it is kicked', { timeout: 30_000 }, async () => {
      const query = xml('query', { xmlns: NS.mucAdmin }, xml('item', { nick: 'Vigie', role: 'none' }));
      await owner.affiliate(OPEN, `${BOT}@localhost`, 'none');
      await owner.session.ask('set', OPEN, query);
      await joined(OPEN);
    });

    it('comes back when the server was killed, and misses nothing', { timeout: 60_000 }, async () => {
      await prosody.down();
      await prosody.up();
      [owner, user, other] = (await Promise.all(
        ['owner', 'user', 'other'].map((name) => TestClient.signIn(prosody, name)),
      )) as [TestClient, TestClient, TestClient];
      await Promise.all([owner, user, other].map((client) => client.join(LOBBY)));
      const upload = await user.upload(await drawn());
      const { id } = await user.say(LOBBY, ...picture(upload.get));
      await eventually(() => item(`${LOBBY}/${id}`));
      expect(await act(order('remove', { item: `${LOBBY}/${id}` }))).toBe('done');
      await other.sees(takenBack(id));
      expect(await statusOf(upload.get)).not.toBe(200);
    });

    it('keeps nothing of what it asked for, and ends what waits when the connection ends', {
      timeout: 30_000,
    }, async () => {
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc') as () => void;
      const client = await TestClient.signIn(prosody, 'troll');
      const ask = async () => {
        const query = xml('query', { xmlns: NS.discoInfo });
        return new WeakRef(await client.session.ask('get', 'localhost', query));
      };
      const answers: WeakRef<Element>[] = [];
      for (let i = 0; i < 20; i++) answers.push(await ask());
      client.heard.length = 0;
      await new Promise((resolve) => setImmediate(resolve));
      gc();
      // The newest may still be held by what made it.
      expect(answers.filter((answer) => answer.deref() !== undefined).length).toBeLessThan(3);
      // Nobody answers a message that is no question: it waits.
      const waiting = client.session.ask('get', `${LOBBY}/nobody`, xml('query', { xmlns: 'urn:none' }));
      const ended = expect(waiting).rejects.toBeInstanceOf(VigieError);
      await client.signOut();
      await ended;
      await expect(ask()).rejects.toMatchObject({ code: 'platform-unreachable' });
    });

    it('refuses a wrong password, and a server that is not there', { timeout: 30_000 }, async () => {
      await bot.stop();
      const wrong = start(new KeptIntake(), {}, 'not it');
      expect(await wrong.ended).toMatchObject({ code: 'platform-refused' });
      const settings = xmpp.settings.parse({ account: `${BOT}@localhost`, address: prosody.address, service: ROOMS });
      const facts = await xmpp.test(settings, { password: BOT }, house, AbortSignal.timeout(10_000));
      expect(facts).toMatchObject({ account: `${BOT}@localhost`, uploads: 'can be taken down' });
      const away = xmpp.settings.parse({ account: `${BOT}@localhost`, address: 'xmpp://127.0.0.1:1', service: ROOMS });
      await expect(xmpp.test(away, { password: BOT }, house, AbortSignal.timeout(10_000))).rejects.toMatchObject({
        code: 'platform-unreachable',
      });
    });
  },
);

function hasStatus(presence: Element, code: string): boolean {
  const statuses = presence.getChild('x', NS.mucUser)?.getChildren('status') ?? [];
  return statuses.some(({ attrs }) => attrs['code'] === code);
}

function markup({ src }: { readonly src: string }) {
  const body = xml('body', { xmlns: 'http://www.w3.org/1999/xhtml' }, xml('p', {}, xml('img', { src, alt: '' })));
  return xml('html', { xmlns: NS.xhtml }, body);
}

async function collected(chunks: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks ?? []) all.push(chunk);
  return Buffer.concat(all);
}

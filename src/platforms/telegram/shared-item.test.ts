import fc from 'fast-check';
import type { Message } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { itemId, memberPhotoId, readItemId, roomPhotoId, sharedItem } from './shared-item.js';

const reading = { surface: 'public', cloud: true, seenAt: new Date(0) } as const;
const MB = 1 << 20;

function file(name: string, more: object = {}) {
  return { file_id: `id-${name}`, file_unique_id: `unique-${name}`, file_size: 1_000, ...more };
}
function size(name: string, width: number) {
  return file(name, { width, height: width });
}
const sizes = [size('small', 90), size('large', 1_280), size('medium', 320)];

function message(content: object): Message {
  const chat = { id: -1001, type: 'supergroup', title: 'Harbour', username: 'harbour' };
  const from = { id: 42, is_bot: false, first_name: 'Someone' };
  return { message_id: 7, date: 1_700_000_000, chat, from, ...content } as never;
}

function mediaOf(content: object, cloud = true): readonly (string | undefined)[] {
  return (sharedItem(message(content), { ...reading, cloud })?.media ?? []).map(({ ref }) => ref);
}

describe('media of a message', () => {
  const video = { width: 640, height: 360, duration: 5 };
  it.each([
    ['photograph', { photo: sizes }, ['large']],
    ['video with a cover', { video: file('v', { ...video, cover: sizes, thumbnail: size('t', 90) }) }, ['v', 'large']],
    ['animation', { animation: file('a', video), document: file('a') }, ['a']],
    ['document', { document: file('d', { mime_type: 'image/png', thumbnail: size('t', 90) }) }, ['d']],
    [
      'document of another kind',
      { document: file('d', { mime_type: 'application/pdf', thumbnail: size('t', 9) }) },
      ['d', 't'],
    ],
    [
      'sound with art',
      { audio: file('s', { duration: 9, mime_type: 'audio/mpeg', thumbnail: size('t', 90) }) },
      ['s', 't'],
    ],
    ['voice', { voice: file('s', { duration: 9 }) }, []],
    ['video note', { video_note: file('n', { length: 240, duration: 5 }) }, ['n']],
    ['sticker', { sticker: size('k', 512) }, ['k']],
    [
      'sticker as a drawing',
      { sticker: file('k', { width: 512, height: 512, is_animated: true, thumbnail: size('t', 90) }) },
      ['t'],
    ],
    ['live photograph', { live_photo: file('l', { ...video, photo: sizes }) }, ['l', 'large']],
    [
      'paid media',
      {
        paid_media: {
          star_count: 1,
          paid_media: [
            { type: 'photo', photo: sizes },
            { type: 'video', video: file('v', video) },
          ],
        },
      },
      ['large', 'v'],
    ],
    ['game', { game: { title: 'g', photo: sizes, animation: file('a', video) } }, ['large', 'a']],
    ['answer to another room', { external_reply: { origin: {}, photo: sizes } }, ['large']],
    [
      'rich text',
      { rich_message: { blocks: [{ type: 'collage', blocks: [{ type: 'photo', photo: sizes }] }] } },
      ['large'],
    ],
    ['answer', { text: 'hello', reply_to_message: message({ photo: sizes }) }, []],
  ])('%s', (_kind, content, expected) => {
    expect(mediaOf(content)).toEqual(expected.map((name) => `id-${name}`));
  });

  it('that no bot gets is not passed over in silence', () => {
    expect(mediaOf({ story: { chat: {}, id: 3 } })).toEqual(['out-of-reach']);
    const preview = {
      star_count: 1,
      paid_media: [
        { type: 'preview', width: 9 },
        { type: 'photo', photo: sizes },
      ],
    };
    expect(mediaOf({ paid_media: preview })).toEqual(['id-large', 'out-of-reach']);
  });

  it('that is too large comes with what stands in for it', () => {
    const qualities = [size('hd', 1_280), size('sd', 640)].map((each, i) => ({
      ...each,
      file_size: (30 - 15 * i) * MB,
    }));
    const large = { video: file('v', { ...video, file_size: 40 * MB, thumbnail: size('t', 90), qualities }) };
    expect(mediaOf(large)).toEqual(['id-v', 'id-sd', 'id-t']);
    expect(mediaOf(large, false)).toEqual(['id-v']);
  });

  it('is found however deep and of whatever new kind it is, each once', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(names, fc.nat(6), (list, depth) => {
        let content: object = { files: list.map((name) => file(name, { duration: 1, width: 2, height: 2 })) };
        for (let i = 0; i < depth; i++) content = { inner: [content] };
        const { media = [] } = sharedItem(message({ new_kind: content }), reading) ?? {};
        expect(media.map(({ fileId }) => fileId)).toEqual(list.map((name) => `unique-${name}`));
      }),
    );
  });
});

describe('words of a message', () => {
  it('are those that people read, and addresses that they do not see', () => {
    const rich = {
      blocks: [{ type: 'paragraph', text: ['so ', { type: 'url', text: 'here', url: 'https://rich.example/' }] }],
    };
    const item = sharedItem(
      message({
        text: 'first',
        quote: { text: 'second', position: 0 },
        poll: { question: 'third', options: [{ text: 'fourth' }] },
        rich_message: rich,
        entities: [{ type: 'text_link', offset: 0, length: 2, url: 'https://entity.example/' }],
        reply_markup: { inline_keyboard: [[{ text: 'go', login_url: { url: 'https://button.example/' } }]] },
      }),
      reading,
    );
    expect(item?.text?.split('\n')).toEqual(['first', 'second', 'third', 'fourth', 'so here', 'go']);
    expect(item?.links).toEqual([
      { url: 'https://rich.example/', from: 'entity' },
      { url: 'https://entity.example/', from: 'entity' },
      { url: 'https://button.example/', from: 'button' },
    ]);
  });

  it('are not the names of people and rooms', () => {
    expect(sharedItem(message({ new_chat_members: [{ id: 1, first_name: 'x' }] }), reading)).toBeUndefined();
    expect(sharedItem(message({ left_chat_member: { id: 1, first_name: 'x' } }), reading)).toBeUndefined();
  });
});

describe('an item', () => {
  it('has the account that shared it, which is a channel where that posts, and none where the room does', () => {
    const accountOf = (content: object) => sharedItem(message({ text: 'x', ...content }), reading)?.account;
    expect(accountOf({})).toBe('42');
    expect(accountOf({ sender_chat: { id: -1009, type: 'channel' } })).toBe('-1009');
    expect(accountOf({ sender_chat: { id: -1001, type: 'supergroup' } })).toBeUndefined();
    expect(accountOf({ from: undefined })).toBeUndefined();
  });

  it('is the same one whenever it was edited, and another one only when its content is', () => {
    const revisionOf = (content: object) => sharedItem(message(content), reading)?.revision;
    const first = { text: 'one', photo: sizes };
    const revision = revisionOf({ ...first, edit_date: 1_700_000_001 });
    expect(revisionOf({ ...first, edit_date: 1_700_000_999, views: 7 })).toBe(revision);
    const others = [{ ...first, text: 'two' }, { text: 'one' }].map((each) => revisionOf({ ...each, edit_date: 1 }));
    expect(new Set(['', revision, ...others, revisionOf(first)]).size).toBe(4);
  });

  it('has an id that is read back, and nothing else is', () => {
    fc.assert(
      fc.property(fc.integer({ max: -1 }), fc.nat(), fc.stringMatching(/^[\w-]{1,20}$/), (chat, n, unique) => {
        expect(readItemId(itemId(chat, n))).toEqual({ of: 'message', chat, message: n });
        expect(readItemId(roomPhotoId(chat, unique))).toEqual({ of: 'room-photo', chat, unique });
        expect(readItemId(memberPhotoId(chat, n, unique))).toEqual({ of: 'member-photo', chat, user: n });
      }),
    );
    for (const id of ['', '7', 'x:7', '-1:', '-1:seven', '-1:photo:', '-1:member:4'])
      expect(readItemId(id)).toBeUndefined();
  });
});

import { createHash } from 'node:crypto';
import type { Chat, Message } from 'grammy/types';
import type { SharedItem, SharedMedium } from '../../enforcement/platform.js';
import { mediaOf } from './media-of.js';
import { wordsOf } from './words-of.js';

export interface Reading {
  readonly surface: 'public' | 'private';
  /** Telegram's own Bot API serves the files. */
  readonly cloud: boolean;
  readonly seenAt: Date;
}

/** A message as something that was shared; undefined when nothing in it can be looked at, as someone's joining. */
export function sharedItem(message: Message, { surface, cloud, seenAt }: Reading): SharedItem | undefined {
  const media = mediaOf(message, cloud);
  const { text, links } = wordsOf(message);
  if (media.length === 0 && text === '' && links.length === 0) return undefined;
  const account = accountOf(message);
  // Named by what stays the same when Telegram tells of it again, so that an edit that changes nothing of it is none.
  const edited = message.edit_date === undefined ? '' : digest([media.map(idOf), text, links]);
  return {
    id: itemId(message.chat.id, message.message_id),
    ...(account === undefined ? {} : { account }),
    room: String(message.chat.id),
    ...(message.media_group_id === undefined ? {} : { album: message.media_group_id }),
    surface,
    sharedAt: new Date(message.date * 1_000).toISOString(),
    seenAt,
    ...(text === '' ? {} : { text }),
    ...(links.length === 0 ? {} : { links }),
    revision: edited,
    media,
  };
}

function idOf({ fileId, ref }: SharedMedium): string | undefined {
  return fileId ?? ref;
}

function digest(content: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

export function itemId(chat: number, message: number): string {
  return `${chat}:${message}`;
}

/** A picture of a room, which is there beside its messages. */
export function roomPhotoId(chat: number, unique: string): string {
  return `${chat}:photo:${unique}`;
}

/** A picture of somebody who joined a room. */
export function memberPhotoId(chat: number, user: number, unique: string): string {
  return `${chat}:member:${user}:${unique}`;
}

/** What an item's id stands for; undefined when it is none of ours. */
export type ItemName =
  | { readonly of: 'message'; readonly chat: number; readonly message: number }
  | { readonly of: 'room-photo'; readonly chat: number; readonly unique: string }
  | { readonly of: 'member-photo'; readonly chat: number; readonly user: number };

export function readItemId(id: string): ItemName | undefined {
  const [, chat = '', rest = ''] = /^(-?\d{1,16}):(.{1,200})$/.exec(id) ?? [];
  if (chat === '') return undefined;
  if (/^\d{1,12}$/.test(rest)) return { of: 'message', chat: Number(chat), message: Number(rest) };
  const [kind, first = '', second] = rest.split(':');
  if (kind === 'photo' && first !== '') return { of: 'room-photo', chat: Number(chat), unique: first };
  if (kind === 'member' && second !== undefined) return { of: 'member-photo', chat: Number(chat), user: Number(first) };
  return undefined;
}

/** Who shared it: a user or, below zero, a channel. Undefined for what a room posts as itself. */
function accountOf({ chat, sender_chat: sender, from }: Message): string | undefined {
  if (sender !== undefined) return sender.id === chat.id ? undefined : String(sender.id);
  return from === undefined ? undefined : String(from.id);
}

/** Everybody can read a room that has a public name, or that its operator says to be open. */
export function surfaceOf(chat: Chat, open: ReadonlySet<string>): 'public' | 'private' {
  const named = chat.type !== 'private' && chat.username !== undefined;
  return named || open.has(String(chat.id)) ? 'public' : 'private';
}

import { setTimeout as sleep } from 'node:timers/promises';
import { GrammyError } from 'grammy';
import type { Update } from 'grammy/types';
import type { PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { Slots } from '../../runtime/slots.js';
import { persist } from '../persist.js';
import type { BotApi } from './bot-api.js';
import { ALLOWED_UPDATES } from './update-shape.js';
import type { Updates } from './updates.js';

/** How long Telegram may wait for something to tell, seconds. */
const WAIT_SECONDS = 25;
/** Messages that are taken in at the same time. */
const AT_ONCE = 32;
/** After so many refusals in a row because somebody else asks for the updates of the bot, the connection is given up. */
const MOST_CONFLICTS = 10;
const CONFLICT_PAUSE_MS = 3_000;

export interface PollOptions {
  readonly api: BotApi;
  readonly intake: PlatformIntake;
  readonly updates: Updates;
  readonly logger: PlatformHouse['logger'];
}

/**
 * Asks for updates until it is aborted. Telegram forgets those before the offset that it is given, so that one is given
 * only after all of them are stored, and never kept: what was not confirmed before a restart is told again.
 * @throws VigieError `platform-refused`, `platform-unreachable`, `platform-malformed`, `platform-busy`; the signal's reason
 */
export async function poll({ api, intake, updates, logger }: PollOptions, signal: AbortSignal): Promise<void> {
  let offset: number | undefined;
  let conflicts = 0;
  // The first question is answered at once, so that a connection to quiet rooms is known to work.
  let waitSeconds = 0;
  for (;;) {
    const waiting = (error: VigieError) => logger.warn({ code: error.code }, 'Telegram is tried again');
    const told = await persist(() => ask(api, { offset, waitSeconds }, signal), signal, waiting);
    if (told === 'conflict') {
      conflicts++;
      if (conflicts >= 2) await intake.trouble({ code: 'other-poller' });
      if (conflicts >= MOST_CONFLICTS) {
        throw new VigieError('platform-refused', { detail: 'another program asks for the updates of this bot' });
      }
      await sleep(CONFLICT_PAUSE_MS, undefined, { signal });
      continue;
    }
    if (conflicts > 0) await intake.settled({ code: 'other-poller' });
    conflicts = 0;
    intake.heard();
    waitSeconds = WAIT_SECONDS;
    await takeAll(told, updates, signal);
    // After a pause of a week Telegram may count anew: an offset is given only for what was told just now.
    offset = told.length === 0 ? undefined : Math.max(...told.map((update) => update.update_id)) + 1;
  }
}

async function ask(
  api: BotApi,
  { offset, waitSeconds }: { readonly offset: number | undefined; readonly waitSeconds: number },
  signal: AbortSignal,
): Promise<Update[] | 'conflict'> {
  const asked = {
    ...(offset === undefined ? {} : { offset }),
    ...{ limit: 100, timeout: waitSeconds, allowed_updates: ALLOWED_UPDATES },
  };
  try {
    const told = await api.ask('getUpdates', (raw, stop) => raw.getUpdates(asked, stop), signal);
    if (Array.isArray(told) && told.every((update) => Number.isSafeInteger(update?.update_id))) return told;
    throw new VigieError('platform-malformed', { detail: 'no list of updates' });
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    if (error.error_code !== 409) throw new VigieError('platform-malformed', { detail: `error ${error.error_code}` });
    // Whoever set the platform up chose to poll: a webhook from before stands in the way.
    if (/webhook/i.test(error.description)) {
      await api.ask('deleteWebhook', (raw, stop) => raw.deleteWebhook({}, stop), signal);
    }
    return 'conflict';
  }
}

/**
 * Many at once, yet what is told of one message one after the other; and what the bot may do in a room is known to what is
 * told after it, and not to what is told before.
 */
async function takeAll(told: readonly Update[], updates: Updates, signal: AbortSignal): Promise<void> {
  const slots = new Slots(AT_ONCE);
  const rooms = new Map<number, { rights: Promise<void>; readonly lines: Map<string, Promise<void>> }>();
  const taken = told.map((update) => {
    const take = async (...before: readonly Promise<void>[]) => {
      await Promise.all(before);
      await slots.with(signal, () => updates.take(update));
    };
    const { chat, line } = placeOf(update);
    if (chat === undefined) return take();
    const room = rooms.get(chat) ?? { rights: Promise.resolve(), lines: new Map<string, Promise<void>>() };
    rooms.set(chat, room);
    if (line !== undefined) {
      const turn = take(room.lines.get(line) ?? room.rights);
      room.lines.set(line, turn);
      return turn;
    }
    room.rights = take(room.rights, ...room.lines.values());
    room.lines.clear();
    return room.rights;
  });
  const failed = (await Promise.allSettled(taken)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The room that an update is about, and what in it; the whole of the room where that is undefined. */
function placeOf(update: Update): { readonly chat?: number | undefined; readonly line?: string } {
  const { message_id: id, chat } =
    update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post ?? {};
  if (chat !== undefined) return { chat: chat.id, line: `m${id}` };
  if (update.chat_member !== undefined) return { chat: update.chat_member.chat?.id, line: `u${update.update_id}` };
  return { chat: update.my_chat_member?.chat?.id };
}

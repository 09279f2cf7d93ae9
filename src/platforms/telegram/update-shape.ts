import type { Update } from 'grammy/types';
import { z } from 'zod';

const chat = z.looseObject({ id: z.number().int(), type: z.enum(['private', 'group', 'supergroup', 'channel']) });

const message = z.looseObject({
  message_id: z.number().int(),
  date: z.number().int().min(0),
  edit_date: z.number().int().optional(),
  media_group_id: z.string().max(255).optional(),
  text: z.string().optional(),
  from: z.looseObject({ id: z.number().int() }).optional(),
  sender_chat: z.looseObject({ id: z.number().int() }).optional(),
  reply_to_message: z.looseObject({ message_id: z.number().int(), date: z.number().int() }).optional(),
  pinned_message: z.looseObject({ message_id: z.number().int(), date: z.number().int() }).optional(),
  chat,
});

const member = z.looseObject({ status: z.string(), user: z.looseObject({ id: z.number().int() }) });
const memberChange = z.looseObject({ chat, date: z.number().int(), old_chat_member: member, new_chat_member: member });

/** What of an update is relied upon; the rest of it is looked through for what it may be. */
const updateShape = z.looseObject({
  update_id: z.number().int(),
  message: message.optional(),
  edited_message: message.optional(),
  channel_post: message.optional(),
  edited_channel_post: message.optional(),
  my_chat_member: memberChange.optional(),
  chat_member: memberChange.optional(),
});

/** What the bot asks Telegram to be told of. */
export const ALLOWED_UPDATES = [
  ...(['message', 'edited_message', 'channel_post', 'edited_channel_post', 'my_chat_member', 'chat_member'] as const),
];

/** @returns undefined when it is not what an update should be */
export function readUpdate(value: unknown): Update | undefined {
  const { success } = updateShape.safeParse(value);
  return success ? (value as Update) : undefined;
}

import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { baseUrlOrNothingSchema, baseUrlSchema } from '../../net/base-url.js';

const roomId = z
  .string()
  .regex(/^-\d{1,16}$/, 'the number of a group or channel, such as -1001234567890')
  .max(20);

export const settingsSchema = z.strictObject({
  baseUrl: baseUrlSchema
    .default('https://api.telegram.org')
    .describe('Where the Bot API is; change it for a Bot API server of your own'),
  localFiles: z
    .string()
    .max(1_024)
    .refine((path) => path === '' || isAbsolute(path), 'an absolute path')
    .default('')
    .describe(
      'With a Bot API server of your own, run with --local: the directory of its files, so that files of more than 20 MB can be read',
    ),
  mode: z
    .enum(['poll', 'webhook'])
    .default('poll')
    .describe(
      '`poll` asks Telegram for what is new and needs no address of its own; with `webhook` Telegram delivers it to `publicUrl`',
    ),
  publicUrl: baseUrlOrNothingSchema
    .default('')
    .describe('For `webhook`: the https address that Telegram reaches Vigie at, such as https://vigie.example.org'),
  openRooms: z
    .array(roomId)
    .max(1_000)
    .default([])
    .describe(
      'Groups and channels without a public name that anybody can join all the same; others without one are private',
    ),
  profilePhotos: z
    .boolean()
    .default(false)
    .describe('Look at the profile photo of whoever joins; needs a bot that is administrator'),
  confirm: z.boolean().default(true).describe('After each removal, ask Telegram once more whether the message is gone'),
  logChannel: z
    .string()
    .regex(/^(?:|-\d{1,16}|@[A-Za-z]\w{3,31})$/, 'the number of a channel or its @name')
    .default('')
    .describe('A channel that the bot tells what it did; it must be able to post there'),
});

export type TelegramSettings = z.output<typeof settingsSchema>;

export const credentialsSchema = z.strictObject({
  token: z
    .string()
    .regex(/^\d{3,20}:[A-Za-z0-9_-]{20,100}$/, 'a token of the form 123456789:AAbb…')
    .describe('The token that BotFather gave for the bot'),
});

export type TelegramCredentials = z.output<typeof credentialsSchema>;

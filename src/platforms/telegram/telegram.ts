import { GrammyError } from 'grammy';
import type { PlatformKind } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import { BotApi } from './bot-api.js';
import { TelegramConnection } from './connection.js';
import { download } from './download.js';
import { credentialsSchema, settingsSchema, type TelegramCredentials, type TelegramSettings } from './settings.js';
import { isSecret, SECRET_HEADER } from './webhook.js';

/** Groups and channels of Telegram, through a bot. */
export const telegram: PlatformKind<TelegramSettings, TelegramCredentials> = {
  kind: 'telegram',
  title: 'Telegram',
  description: 'A bot that watches the public groups and channels of Telegram where it is administrator.',
  settings: settingsSchema.refine(
    ({ mode, publicUrl }) => mode === 'poll' || publicUrl !== '',
    'the mode `webhook` needs `publicUrl`',
  ),
  credentials: credentialsSchema,
  deliveries: {
    expected: ({ mode }) => mode === 'webhook',
    isGenuine: ({ token }, headers) => isSecret(token, headers(SECRET_HEADER)),
  },
  async test({ baseUrl, profilePhotos }, { token }, { client, now }, signal) {
    const api = new BotApi({ baseUrl: withoutSlash(baseUrl), token, client }, now);
    try {
      const me = await api.ask('getMe', (raw, stop) => raw.getMe(stop), signal);
      return {
        bot: `@${me.username}`,
        'reads groups': me.can_read_all_group_messages ? 'yes' : 'only where it is administrator (privacy mode is on)',
        ...(profilePhotos ? { 'profile photos': 'only where it is administrator' } : {}),
      };
    } catch (error) {
      if (!(error instanceof GrammyError)) throw error;
      throw new VigieError('platform-refused', { detail: `error ${error.error_code}` });
    }
  },
  open: (settings, credentials, house) => new TelegramConnection(settings, credentials, house),
  fetch: download,
};

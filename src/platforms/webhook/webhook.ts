import type { PlatformKind } from '../../enforcement/platform.js';
import { WebhookPlatform } from './webhook-platform.js';
import {
  type WebhookCredentials,
  type WebhookSettings,
  webhookCredentials,
  webhookSettings,
} from './webhook-settings.js';

/** A platform whose own engineers connect it: items come through the API, orders go out as signed requests. */
export const webhook: PlatformKind<WebhookSettings, WebhookCredentials> = {
  kind: 'webhook',
  title: 'Webhook',
  description: 'A platform of your own: it hands items in through the API, and is sent signed orders.',
  settings: webhookSettings,
  credentials: webhookCredentials,
  confirmsLater: ({ answers }) => answers === 'later',
  async test(settings, credentials, house, signal) {
    await new WebhookPlatform(settings, credentials, house).ping(signal);
    return { host: new URL(settings.url).host, answers: settings.answers, acts: settings.acts.join(', ') };
  },
  open: (settings, credentials, house) => new WebhookPlatform(settings, credentials, house),
};

import type { PlatformKind } from '../enforcement/platform.js';
import { matrix } from './matrix/matrix.js';
import { telegram } from './telegram/telegram.js';
import { webhook } from './webhook/webhook.js';
import { xmpp } from './xmpp/xmpp.js';

/** Every kind of platform that this version knows. */
export const PLATFORM_KINDS: readonly PlatformKind[] = [
  telegram as PlatformKind,
  xmpp as PlatformKind,
  webhook as PlatformKind,
  matrix as PlatformKind,
];

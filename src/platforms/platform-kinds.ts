import type { PlatformKind } from '../enforcement/platform.js';

/** Every kind of platform that this version knows. */
export const PLATFORM_KINDS: readonly PlatformKind[] = [];

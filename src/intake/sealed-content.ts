import type { Keyring } from '../storage/keyring.js';
import { seal, unseal } from '../storage/seal.js';
import type { ItemContent } from './item-draft.js';

const PURPOSE = 'item';

/** Seals what an item holds; it opens only as the content of this item. */
export function sealContent(keyring: Keyring, itemId: string, content: ItemContent): Uint8Array {
  return seal(keyring, Buffer.from(JSON.stringify(content)), { purpose: PURPOSE, aad: itemId });
}

/** @throws VigieError `seal-key-wrong`, `seal-damaged` */
export function openContent(keyring: Keyring, itemId: string, sealed: Uint8Array): ItemContent {
  const plain = unseal(keyring, sealed, { purpose: PURPOSE, aad: itemId });
  return JSON.parse(Buffer.from(plain).toString()) as ItemContent;
}

import type { GrammyError } from 'grammy';
import { VigieError } from '../../errors.js';

/** Older messages cannot be deleted by bots, milliseconds. */
const DELETABLE_MS = 48 * 3_600_000;
/** Clocks may differ by so much, milliseconds. */
const TOLERANCE_MS = 5 * 60_000;

/** Whether Telegram refuses because rights are missing that an owner of the room can give. */
export function isRightMissing({ error_code: code, description }: GrammyError): boolean {
  if (code === 403) return true;
  return /not enough rights|administrator rights|CHAT_ADMIN_REQUIRED|RIGHT_FORBIDDEN|can't be deleted/i.test(
    description,
  );
}

/** What a refusal to delete means. @param sharedAt undefined when it is not known */
export function deletionRefused(error: GrammyError, sharedAt: Date | undefined, now: number): VigieError {
  const refused = /can't be deleted/i.test(error.description);
  // Telegram words both reasons nearly alike, so that the age of the message decides where it is known.
  const age = sharedAt === undefined ? undefined : now - sharedAt.getTime();
  const old = age === undefined ? /for everyone/i.test(error.description) : age > DELETABLE_MS - TOLERANCE_MS;
  return refused && old ? new VigieError('act-too-late', { detail: '48 hours' }) : actRefused(error);
}

export function actRefused({ description }: GrammyError): VigieError {
  return new VigieError('act-refused', { detail: description.replace(/\P{ASCII}|\p{Cc}/gu, '').slice(0, 120) });
}

/** The number that a group goes by since it became a supergroup. */
export function migratedTo({ parameters, error_code: code }: GrammyError): number | undefined {
  const id = parameters?.migrate_to_chat_id;
  return code === 400 && Number.isSafeInteger(id) ? id : undefined;
}

import type { PhotoSize } from 'grammy/types';
import type { SharedMedium } from '../../enforcement/platform.js';

/** The Bot API of Telegram itself gives no file that is larger, bytes. */
export const CLOUD_FILE_BYTES = 20 << 20;

/** What `fetch` is given for something that Telegram shows and lets no bot have. */
export const OUT_OF_REACH = 'out-of-reach';

/** Another message, which is an item of its own; or what is no content. */
const NOT_LOOKED_INTO: ReadonlySet<string> = new Set([
  ...['reply_to_message', 'pinned_message', 'from', 'chat', 'sender_chat', 'sender_business_bot', 'via_bot'],
  ...['forward_origin', 'origin', 'new_chat_members', 'left_chat_member', 'new_chat_photo', 'user'],
  // Sound without a picture.
  'voice',
]);

/** Deeper than anything that Telegram nests. */
const DEEPEST = 24;

type Fields = Readonly<Record<string, unknown>>;

interface FileFields extends Fields {
  readonly file_id: string;
  readonly file_unique_id: string;
}

/**
 * Everything in a message that is a file and can hold pictures, whatever the kind of the message, also of kinds that came
 * to be after this was written: photographs in their largest size, the covers of videos, art of sound files.
 * @param cloud Telegram's own Bot API serves the files, up to its limit: what stands in for larger ones is taken as well
 */
export function mediaOf(message: object, cloud: boolean): readonly SharedMedium[] {
  const found = new Map<string, SharedMedium>();
  visit(message as Fields, cloud, 0, (file) => {
    if (!found.has(file.file_unique_id)) found.set(file.file_unique_id, mediumOf(file));
  });
  const media = [...found.values()];
  return isOutOfReach(message as Fields) ? [...media, { ref: OUT_OF_REACH }] : media;
}

/** The one of the sizes of a photograph that has most pixels. */
export function largest(sizes: readonly PhotoSize[]): PhotoSize | undefined {
  return sizes.reduce<PhotoSize | undefined>(
    (best, size) => (best === undefined || size.width * size.height > best.width * best.height ? size : best),
    undefined,
  );
}

function visit(fields: Fields, cloud: boolean, depth: number, found: (file: FileFields) => void): void {
  if (depth > DEEPEST) return;
  if (isFile(fields)) {
    // Vector drawings, which cannot be decoded and cannot hold pictures; Telegram's own rendering of them is looked at.
    if (fields['is_animated'] !== true) found(fields);
    standIns(fields, cloud).forEach(found);
  }
  for (const [name, value] of Object.entries(fields)) {
    if (NOT_LOOKED_INTO.has(name) || typeof value !== 'object' || value === null) continue;
    if (isFile(fields) && (name === 'thumbnail' || name === 'qualities' || name === 'premium_animation')) continue;
    visitValue(value, cloud, depth + 1, found);
  }
}

function visitValue(value: object, cloud: boolean, depth: number, found: (file: FileFields) => void): void {
  if (!Array.isArray(value)) {
    visit(value as Fields, cloud, depth, found);
    return;
  }
  if (value.length > 0 && value.every(isSize)) {
    const best = largest(value);
    if (best !== undefined) found(best as PhotoSize & FileFields);
    return;
  }
  for (const each of value) if (typeof each === 'object' && each !== null) visitValue(each, cloud, depth + 1, found);
}

/** Pictures that are shown in place of a file. */
function standIns(file: FileFields, cloud: boolean): readonly FileFields[] {
  const thumbnail = isFile(file['thumbnail']) ? [file['thumbnail']] : [];
  const tooLarge = cloud && sizeOf(file) > CLOUD_FILE_BYTES;
  if (tooLarge) {
    const qualities = (Array.isArray(file['qualities']) ? file['qualities'] : []).filter(isFile);
    const smaller = qualities.filter((each) => sizeOf(each) <= CLOUD_FILE_BYTES);
    smaller.sort((a, b) => sizeOf(b) - sizeOf(a));
    return [...smaller.slice(0, 1), ...thumbnail];
  }
  return shownByThumbnail(file) ? thumbnail : [];
}

/** Whether people see the thumbnail rather than the file, such as the art of a song, which its sender chooses. */
function shownByThumbnail(file: FileFields): boolean {
  if (file['is_animated'] === true) return true;
  // Pictures and moving pictures tell their own width; video notes have a length.
  if (file['width'] !== undefined || file['length'] !== undefined) return false;
  return !/^(?:image|video)\//.test(String(file['mime_type'] ?? ''));
}

function mediumOf(file: FileFields): SharedMedium {
  const name = file['file_name'];
  return {
    ref: file.file_id,
    fileId: file.file_unique_id,
    ...(typeof name === 'string' ? { name } : {}),
  };
}

/** Stories, and paid media that the bot has not bought: shown in the room, and no bot gets at them. */
function isOutOfReach(message: Fields): boolean {
  const paid = [message, message['external_reply'] as Fields | undefined].map((each) => each?.['paid_media'] as Fields);
  const items = paid.flatMap((each) => (Array.isArray(each?.['paid_media']) ? (each['paid_media'] as Fields[]) : []));
  return message['story'] !== undefined || items.some(({ type }) => type === 'preview');
}

function sizeOf(file: FileFields): number {
  return typeof file['file_size'] === 'number' ? file['file_size'] : 0;
}

function isFile(value: unknown): value is FileFields {
  const { file_id: id, file_unique_id: unique } = (value ?? {}) as Fields;
  return typeof id === 'string' && typeof unique === 'string' && id.length <= 512 && unique.length <= 512;
}

function isSize(value: unknown): value is PhotoSize {
  if (!isFile(value)) return false;
  const { width, height, duration, mime_type: type, is_animated: sticker } = value;
  const other = duration !== undefined || type !== undefined || sticker !== undefined;
  return typeof width === 'number' && typeof height === 'number' && !other;
}

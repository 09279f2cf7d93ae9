import type { FastifyRequest } from 'fastify';
import { HmaRefusal } from './hma-endpoint.js';
import { type ContentType, contentTypeOf } from './hma-signal-types.js';

/** A form of one file, whose field says what it is, and of fields before or after it. */
export interface FileForm<T> {
  readonly used: T;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Reads a form. The file is read by `use` while it arrives.
 * @returns undefined when there is no file
 * @throws HmaRefusal 400; what `use` throws
 */
export async function readFile<T>(
  request: FastifyRequest,
  use: (file: AsyncIterable<Uint8Array>, medium: ContentType) => Promise<T>,
): Promise<FileForm<T> | undefined> {
  if (!request.isMultipart()) return undefined;
  let used: { readonly value: T } | undefined;
  const fields: Record<string, string> = {};
  for await (const part of request.parts()) {
    if (part.type === 'field') {
      if (typeof part.value === 'string') fields[part.fieldname] = part.value;
      else if (part.value !== undefined) fields[part.fieldname] = JSON.stringify(part.value);
      continue;
    }
    if (used !== undefined) throw new HmaRefusal(400, 'Only one file allowed per request');
    used = { value: await use(part.file, contentTypeOf(part.fieldname)) };
    for await (const _ of part.file);
    if (part.file.truncated) throw new HmaRefusal(413, 'The file is too large');
  }
  return used && { used: used.value, fields };
}

export const NO_FILE = 'Missing multipart/form-data file upload';

import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { VigieError } from '../errors.js';
import { readInvalid } from './read-invalid.js';

const FIELD_BYTES = 64 * 2 ** 10;

/**
 * Reads a form of one JSON field and, after it, one file in the field `media`. The file is read by `use` while it
 * arrives, and lies nowhere.
 * @throws VigieError `request-invalid`, `media-too-large`; what `use` throws
 */
export async function readMediumForm<S extends z.ZodType, T>(
  request: FastifyRequest,
  { field, schema, maximumBytes }: { readonly field: string; readonly schema: S; readonly maximumBytes: number },
  use: (draft: z.output<S>, medium: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const wrong = (detail: string) => new VigieError('request-invalid', { detail });
  const limits = { files: 1, fields: 1, parts: 2, fieldSize: FIELD_BYTES, fileSize: maximumBytes };
  let draft: z.output<S> | undefined;
  let used: { readonly value: T } | undefined;
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field') {
      if (part.fieldname !== field || draft !== undefined) throw wrong(`the one field of the form is \`${field}\``);
      draft = readJson(schema, part.value);
      continue;
    }
    if (part.fieldname !== 'media' || used !== undefined) throw wrong('the one file of the form is `media`');
    if (draft === undefined) throw wrong(`the field \`${field}\` comes first`);
    used = { value: await use(draft, part.file) };
    // What is left of the file stands before the end of the form.
    for await (const _ of part.file);
    if (part.file.truncated) throw new VigieError('media-too-large', { detail: `limit ${maximumBytes} bytes` });
  }
  if (used === undefined) throw wrong('the form has no file `media`');
  return used.value;
}

/** A field that says it is JSON comes parsed already. */
function readJson<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  let json = value;
  if (typeof value === 'string') {
    try {
      json = JSON.parse(value);
    } catch {
      throw new VigieError('request-invalid', { detail: 'the field is not JSON' });
    }
  }
  const read = schema.safeParse(json);
  if (!read.success) throw readInvalid(read.error);
  return read.data;
}

import type { z } from 'zod';
import { VigieError } from '../errors.js';

const NAMED = 5;

/** What does not fit its schema, by the names of the fields. */
export function readInvalid(error: z.ZodError): VigieError {
  const fields = error.issues.slice(0, NAMED).map(({ path, message }) => `/${path.join('/')} ${message}`);
  return new VigieError('request-invalid', { detail: fields.join('; ') });
}

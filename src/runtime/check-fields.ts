import { z } from 'zod';
import { type ErrorCode, VigieError } from '../errors.js';

/** What something that is connected to needs to be told, as its kind describes it. */
export interface FieldsOf<Settings = unknown, Credentials = unknown> {
  readonly settings: z.ZodType<Settings>;
  /** Undefined when it needs none. */
  readonly credentials: z.ZodType<Credentials> | undefined;
}

/** JSON Schemas of what is to be told, from which people's forms are made; credentials are null when it needs none. */
export function formOf({ settings, credentials }: FieldsOf) {
  const schemaOf = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { settings: schemaOf(settings), credentials: credentials === undefined ? null : schemaOf(credentials) };
}

/**
 * Checks both.
 * @throws VigieError of the code
 */
export function checkFields(
  kind: FieldsOf,
  given: { readonly settings: unknown; readonly credentials?: unknown },
  code: ErrorCode,
) {
  return {
    settings: checkSettings(kind, given.settings, code),
    credentials: checkCredentials(kind, given.credentials, code),
  };
}

/**
 * Checks settings. The error names the fields; what was in them is told to nobody.
 * @throws VigieError of the code
 */
export function checkSettings<S>({ settings }: FieldsOf<S>, given: unknown, code: ErrorCode): S {
  return checked(settings, given, 'settings', code);
}

/** The same for credentials. @returns undefined for a kind that needs none */
export function checkCredentials<C>(
  { credentials }: FieldsOf<unknown, C>,
  given: unknown,
  code: ErrorCode,
): C | undefined {
  if (credentials !== undefined) return checked(credentials, given, 'credentials', code);
  if (given === undefined || given === null) return undefined;
  throw new VigieError(code, { detail: 'this kind needs no credentials' });
}

function checked<T>(schema: z.ZodType<T>, given: unknown, what: string, code: ErrorCode): T {
  const { success, data, error } = schema.safeParse(given ?? {});
  if (success) return data;
  const fields = error.issues
    .slice(0, 5)
    .map((issue) => `${[what, ...issue.path.map(String)].join('.')}: ${issue.code}`);
  throw new VigieError(code, { detail: fields.join('; ') });
}

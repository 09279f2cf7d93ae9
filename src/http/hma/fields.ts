import { HmaFieldWrong, HmaRefusal } from './hma-endpoint.js';

/** The JSON object of a body. @throws HmaRefusal 415, 400 */
export function objectOf(body: unknown, contentType: string | undefined): Readonly<Record<string, unknown>> {
  if (contentType?.startsWith('application/json') !== true) {
    throw new HmaRefusal(
      415,
      "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
    );
  }
  if (!isObject(body)) throw new HmaRefusal(400, 'Request input was not a dict');
  return body;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws HmaFieldWrong 422 when it is missing or no text */
export function textField(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = optionalText(fields, name);
  if (value === undefined) throw new HmaFieldWrong(name, 'missing', fields);
  return value;
}

/** @throws HmaFieldWrong 422 */
export function optionalText(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new HmaFieldWrong(name, 'string_type', value);
  return value;
}

/** @throws HmaFieldWrong 422 */
export function optionalNumber(fields: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new HmaFieldWrong(name, 'float_type', value);
  return value;
}

/** @throws HmaFieldWrong 422 */
export function optionalBoolean(fields: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw new HmaFieldWrong(name, 'bool_type', value);
  return value;
}

/** What Python's frameworks take for true in a query. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['true', '1', 'yes', 'on', 't', 'y'].includes(text.toLowerCase());
}

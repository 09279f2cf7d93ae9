import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { VigieError } from '../errors.js';
import { readAll } from './read-pieces.js';

/** The part of a JSON Schema that a question is made from. */
interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
}

export interface FieldsSchema {
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

/** A JSON object from a file, or from standard input. @throws VigieError `file-not-readable`, `usage` */
export async function readFields(path: string): Promise<Record<string, unknown>> {
  const text = await readAll(path);
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Told below, without a word of what stands in it.
  }
  throw new VigieError('usage', { detail: 'a JSON object is wanted in the file' });
}

/**
 * Asks for the fields of a schema on the terminal, one after another; an empty answer leaves one out.
 * @param secret true: what is typed is not shown
 * @throws VigieError `usage` without a terminal
 */
export async function askFields(
  schema: FieldsSchema,
  { secret }: { readonly secret: boolean },
): Promise<Record<string, unknown>> {
  const fields = Object.entries(schema.properties ?? {});
  const wanted = fields.filter(([name]) => schema.required?.includes(name));
  if (process.stdin.isTTY !== true) {
    if (wanted.length === 0) return {};
    throw new VigieError('usage', { detail: 'give --settings and --credentials as files, or - for standard input' });
  }
  const answers: Record<string, unknown> = {};
  for (const [name, field] of fields) {
    const usual = field.default === undefined ? '' : ` [${JSON.stringify(field.default)}]`;
    process.stderr.write(`${name}${usual}: ${field.description ?? ''}\n> `);
    const text = await line(secret);
    if (text !== '') answers[name] = fieldValue(text, field);
  }
  return answers;
}

async function line(secret: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true });
  try {
    const [text] = (await once(reader, 'line')) as [string];
    if (secret) process.stderr.write('\n');
    return text.trim();
  } finally {
    reader.close();
  }
}

function fieldValue(text: string, { type }: Field): unknown {
  if (type === 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

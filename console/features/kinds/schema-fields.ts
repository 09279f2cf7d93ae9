/** Forms from JSON Schemas: the kinds of sources and of platforms say what they need, and the page asks for it. */

export interface SchemaField {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly input: 'text' | 'url' | 'number' | 'choice' | 'switch' | 'lines' | 'pairs';
  readonly required: boolean;
  /** What is taken when nothing is said, as people would type it; undefined when there is none. */
  readonly standard: string | undefined;
  readonly choices: readonly string[];
  /** Such that most people leave it as it is. */
  readonly seldom: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** The fields of an object's schema, in its order. What is no object has none. */
export function fieldsOf(schema: unknown): readonly SchemaField[] {
  const { properties, required } = object(schema);
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(object(properties)).map(([name, property]) =>
    fieldOf(name, object(property), needed.has(name)),
  );
}

function fieldOf(name: string, property: Json, required: boolean): SchemaField {
  const { title, description, default: standard, enum: choices } = property;
  const input = inputOf(property);
  return {
    name,
    label: typeof title === 'string' ? title : labelOf(name),
    description: typeof description === 'string' ? description : '',
    input,
    required,
    standard: standard === undefined ? undefined : asText(standard),
    choices: Array.isArray(choices) ? choices.map(String) : [],
    seldom: !required && standard !== undefined && input !== 'choice',
  };
}

function inputOf({ type, enum: choices, format }: Json): SchemaField['input'] {
  if (Array.isArray(choices)) return 'choice';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'switch';
  if (type === 'array') return 'lines';
  if (type === 'object') return 'pairs';
  return format === 'uri' ? 'url' : 'text';
}

/** `baseUrl` as `Base url`. */
export function labelOf(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The same fields with what is set already, for a form that changes it. */
export const filledWith = (fields: readonly SchemaField[], values: unknown): readonly SchemaField[] =>
  fields.map((field) => {
    const value = object(values)[field.name];
    return value === undefined ? field : { ...field, standard: asText(value) };
  });

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join('\n');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, each]) => `${key} = ${String(each)}`)
      .join('\n');
  }
  return String(value);
}

export interface Filled {
  readonly value: Readonly<Record<string, unknown>>;
  /** By name of the field, what is wrong with it. */
  readonly faults: Readonly<Record<string, string>>;
}

/**
 * What was typed as the schema wants it. What is empty and not required is left out; the service checks all of it anew.
 * @param typed the text of a field; of a switch `on` or nothing
 */
export function readFields(fields: readonly SchemaField[], typed: (name: string) => string): Filled {
  const value: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const text = typed(field.name).trim();
    if (text === '' && field.input !== 'switch') {
      // Required, but nothing is an answer too.
      if (field.required && field.input === 'lines') value[field.name] = [];
      else if (field.required && field.input === 'pairs') value[field.name] = {};
      else if (field.required) faults[field.name] = 'This is needed.';
      continue;
    }
    const read = readField(field, text);
    if (read === undefined) faults[field.name] = FAULTS[field.input] ?? 'This cannot be read.';
    else value[field.name] = read;
  }
  return { value, faults };
}

const FAULTS: Partial<Record<SchemaField['input'], string>> = {
  number: 'Give a number.',
  url: 'Give an address, such as https://lists.example.',
  pairs: 'Give one pair a line, such as Hash = md5.',
};

function readField({ input }: SchemaField, text: string): unknown {
  if (input === 'number') return Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (input === 'switch') return text === 'on';
  if (input === 'url') return URL.canParse(text) ? text : undefined;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (input === 'lines') return lines;
  if (input !== 'pairs') return text;
  const pairs = lines.map((line) => /^(?<key>.*\S)\s*=\s*(?<value>\S.*)$/.exec(line)?.groups);
  if (pairs.some((pair) => pair === undefined)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.['key'], pair?.['value']]));
}

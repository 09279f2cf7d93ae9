import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SOURCE_KINDS } from '../../../src/lists/sources/source-kinds.js';
import * as telegram from '../../../src/platforms/telegram/settings.js';
import { xmppCredentials, xmppSettings } from '../../../src/platforms/xmpp/xmpp-settings.js';
import { fieldsOf, filledWith, labelOf, readFields } from './schema-fields.js';

const schemaOf = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

const KINDS: readonly { kind: string; settings: z.ZodType; credentials?: z.ZodType | undefined }[] = [
  ...SOURCE_KINDS,
  { kind: 'telegram', settings: telegram.settingsSchema, credentials: telegram.credentialsSchema },
  { kind: 'xmpp', settings: xmppSettings, credentials: xmppCredentials },
];

describe('forms from schemas', () => {
  it('asks for every field of every kind of source and platform, each in words', () => {
    for (const { settings, credentials } of KINDS) {
      for (const schema of [settings, ...(credentials === undefined ? [] : [credentials])]) {
        const json = schemaOf(schema) as { properties: Record<string, unknown>; required?: string[] };
        const fields = fieldsOf(json);
        expect(fields.map(({ name }) => name)).toEqual(Object.keys(json.properties));
        expect(fields.filter(({ required }) => required).map(({ name }) => name)).toEqual(json.required ?? []);
        for (const { description, label } of fields) expect(`${description}${label}`).not.toBe('');
      }
    }
  });

  it('reads its own standard values back into what the schema takes', () => {
    for (const { kind, settings } of KINDS) {
      const fields = fieldsOf(schemaOf(settings)).filter(({ standard }) => standard !== undefined);
      const filled = readFields(fields, (name) => fields.find((each) => each.name === name)?.standard ?? '');
      expect(filled.faults, kind).toEqual({});
      // What is needed beside is missing; nothing that was read may be wrong.
      const { error } = settings.safeParse(filled.value);
      const wrong = (error?.issues ?? []).filter(({ path: [name] }) => name !== undefined && name in filled.value);
      expect(wrong, kind).toEqual([]);
    }
  });

  it('tells what is missing or cannot be read, and leaves out what is not said', () => {
    const schema = z.object({
      url: z.url(),
      count: z.number().optional(),
      map: z.record(z.string(), z.string()).default({}),
      keys: z.array(z.string()),
      on: z.boolean().default(false),
      comment: z.string().optional(),
    });
    const typed: Record<string, string> = { count: 'many', map: 'Hash', keys: ' a \n\n b' };
    const read = () => readFields(fieldsOf(schemaOf(schema)), (name) => typed[name] ?? '');
    expect(Object.keys(read().faults)).toEqual(['url', 'count', 'map']);
    Object.assign(typed, { url: 'https://lists.example/a', count: '1e3', map: 'Hash = md5\na=b = c' });
    expect(read()).toEqual({
      faults: {},
      value: {
        ...{ url: 'https://lists.example/a', count: 1_000, keys: ['a', 'b'], on: false },
        map: { Hash: 'md5', 'a=b': 'c' },
      },
    });
  });

  it('shows what is set in a form that changes it, and reads the same back', () => {
    const set = { list: ['a', 'b'], map: { a: 'b' }, on: true, count: 7, text: '' };
    const schema = z.object({
      list: z.array(z.string()).default([]),
      map: z.record(z.string(), z.string()),
      on: z.boolean().default(false),
      count: z.number(),
      text: z.string().default('standard'),
      other: z.string().default('as ever'),
    });
    const fields = filledWith(fieldsOf(schemaOf(schema)), set);
    expect(fields.map(({ standard }) => standard)).toEqual(['a\nb', 'a = b', 'true', '7', '', 'as ever']);
    const typed = (name: string): string => {
      const { input, standard = '' } = fields.find((each) => each.name === name) ?? {};
      return input === 'switch' && standard === 'true' ? 'on' : standard;
    };
    const { text: _, ...read } = set;
    expect(readFields(fields, typed)).toEqual({ faults: {}, value: { ...read, other: 'as ever' } });
  });

  it('has no field for what is no object', () => {
    for (const schema of [null, undefined, 7, [], { type: 'string' }]) expect(fieldsOf(schema)).toEqual([]);
    expect(labelOf('baseUrl')).toBe('Base url');
  });
});

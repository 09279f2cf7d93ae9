import { expect, it } from 'vitest';
import { z } from 'zod';
import { SOURCE_KINDS } from './source-kinds.js';

it('has kinds of different names, each with fields that a form can be made of', () => {
  expect(new Set(SOURCE_KINDS.map(({ kind }) => kind)).size).toBe(SOURCE_KINDS.length);
  for (const { kind, settings, credentials, everySeconds } of SOURCE_KINDS) {
    expect(kind).toMatch(/^[a-z][a-z0-9-]{1,40}$/);
    expect(everySeconds).toBeGreaterThan(0);
    for (const schema of [settings, ...(credentials === undefined ? [] : [credentials])]) {
      const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
      for (const [name, field] of Object.entries(properties)) {
        const { description = '', type } = typeof field === 'boolean' ? {} : field;
        expect(['string', 'number', 'integer', 'boolean', 'array', 'object'], `${kind}.${name}`).toContain(type);
        expect(description, `${kind}.${name}`).not.toBe('');
      }
    }
  }
});

import { expect, it } from 'vitest';
import { PythonFloat, pythonJson } from './python-json.js';
import { firstRandom } from './python-random.js';

it('writes JSON as Python does', () => {
  const value = { b: [1, new PythonFloat(1), new PythonFloat(0.5)], a: { é: 'ü😀"\n', none: null }, c: [], d: {} };
  expect(pythonJson(value)).toBe(
    '{"a":{"none":null,"\\u00e9":"\\u00fc\\ud83d\\ude00\\"\\n"},"b":[1,1.0,0.5],"c":[],"d":{}}',
  );
  expect(pythonJson({ b: { x: 1 }, a: [2] }, { sortKeys: false, indent: 2 })).toBe(
    '{\n  "b": {\n    "x": 1\n  },\n  "a": [\n    2\n  ]\n}',
  );
});

it('draws what Python draws from a text', () => {
  // Of CPython 3.11.
  expect(firstRandom('7')).toBe(0.7124376338974682);
  expect(firstRandom('a')).toBe(0.2720295377534757);
  expect(firstRandom('hello')).toBe(0.3537754404730722);
});

import { describe, expect, it } from 'vitest';
import { KeySet } from './key-set.js';

describe('the set of keys', () => {
  it('knows every text again and takes none for another', () => {
    const keys = new KeySet();
    const texts = Array.from({ length: 300_000 }, (_, i) => (i % 2 === 0 ? `IWF-${i}` : String(i).padStart(12, '0')));
    expect(texts.filter((text) => keys.add(text, text.length) !== 'new')).toEqual([]);
    expect(keys.size).toBe(texts.length);
    expect(texts.filter((text) => keys.add(text, text.length) !== 'same')).toEqual([]);
    expect(texts.filter((text) => keys.add(text, -1) !== 'other')).toEqual([]);
    expect(keys.bytes / keys.size).toBeLessThan(36);
  });

  it('tells the empty text, and texts of which one begins with the other', () => {
    const keys = new KeySet();
    for (const text of ['', '\0', '\0\0', 'a', 'aa', 'aaa', '\u0100', '\u0101']) {
      expect(keys.add(text)).toBe('new');
      expect(keys.add(text)).toBe('same');
    }
  });
});

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXml } from './read-xml.js';

async function read(document: string | Uint8Array, cuts: readonly number[] = []): Promise<readonly unknown[]> {
  const bytes = Buffer.from(document as string);
  const ends = [...cuts.filter((cut) => cut <= bytes.length), bytes.length].sort((a, b) => a - b);
  const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
  const told: unknown[] = [];
  await readXml(Readable.from(pieces), 'r', {
    open: (name, attributes, depth) => told.push(['open', name, { ...attributes }, depth]),
    close: (name, text, depth) => told.push(['close', name, text, depth]),
  });
  return told;
}

const DOCUMENT = `\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- é --><n:r xmlns:n="x"><a b="1 &amp; 2">é&lt;🌊<![CDATA[<&>]]> </a>
<?p i?><c/></n:r>`;

describe('reading XML', () => {
  it('gives the same wherever the input is cut', async () => {
    const whole = await read(DOCUMENT);
    expect(whole).toEqual([
      ['open', 'r', { 'xmlns:n': 'x' }, 0],
      ['open', 'a', { b: '1 & 2' }, 1],
      ['close', 'a', 'é<🌊<&>', 1],
      ['open', 'c', {}, 1],
      ['close', 'c', '', 1],
      ['close', 'r', '', 0],
    ]);
    const cut = fc.integer({ min: 0, max: Buffer.byteLength(DOCUMENT) });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 20 }), async (cuts) => {
        expect(await read(DOCUMENT, cuts)).toEqual(whole);
      }),
    );
  });

  it('refuses every document that is cut short', async () => {
    const bytes = Buffer.from(DOCUMENT);
    for (let end = 0; end < bytes.length; end++) {
      await expect(read(bytes.subarray(0, end)), String(end)).rejects.toMatchObject({ code: 'source-malformed' });
    }
  });

  it('refuses types, entities, other encodings and roots, and what is nested without end', async () => {
    for (const document of [
      '<!DOCTYPE r><r/>',
      '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>',
      '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
      '<r>&nbsp;</r>',
      '<?xml version="1.0" encoding="UTF-16"?><r/>',
      '<other/>',
      '<r/><r/>',
      '<r/>more',
      `<r>${'<a>'.repeat(40)}${'</a>'.repeat(40)}</r>`,
      Buffer.from([0x3c, 0x72, 0x3e, 0xff, 0x3c, 0x2f, 0x72, 0x3e]),
      '',
    ]) {
      await expect(read(document), String(document)).rejects.toMatchObject({ code: 'source-malformed' });
    }
  });

  it('never says anything of the document in an error', async () => {
    const secret = '0123456789abcdef';
    for (const document of [`<r>${secret}`, `<r>&${secret};</r>`, `<r ${secret}/>`, `<${secret}/>`]) {
      const error = (await read(document).catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'source-malformed', cause: undefined });
      expect(`${error.stack}`).not.toContain(secret);
    }
  });

  it('gives no text of a length that no field has', async () => {
    expect(await read(`<r><a>${'x'.repeat(5_000)}</a><b>${'y'.repeat(4_000)}</b></r>`)).toContainEqual([
      ...['close', 'a', undefined, 1],
    ]);
  });
});

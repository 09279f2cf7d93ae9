import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PageBuilder } from '../wire/page-builder.js';
import { addNcmecChanges } from './ncmec-changes.js';
import { readNcmecPage } from './read-ncmec-page.js';

const PAGE = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="2" maxTimestamp="2017-10-24T15:10:00Z">
<image><member id="42">Example</member><timestamp>2017-10-24T15:00:00Z</timestamp><id>image1</id>
<classification>A1</classification><fingerprints><md5>${'a1'.repeat(16)}</md5><sha1>${'a1'.repeat(20)}</sha1></fingerprints>
<feedback lastUpdateTimestamp="2023-06-01T12:48:14Z"><negativeFeedback type="Sha1"><reasons>
<reason guid="01234567-abcd-0123-4567-012345678900" name="Example" type="Sha1"/><members timestamp="2023-06-01T12:48:14Z">
<member id="43">Other</member></members></reasons></negativeFeedback></feedback></image>
<deletedImage><member id="43"/><id>image4</id><timestamp>2017-10-24T15:10:00Z</timestamp></deletedImage></images>
<audios><audio><member id="42"/><id>audio1</id></audio></audios><videos count="0"/>
<paging><next>/v2/entries?from=2017-10-20T00%3A00%3A00.000Z&amp;to=2017-10-30T00%3A00%3A00.000Z&amp;start=3</next></paging>
</queryResult>`;

it('reads a page as it is documented', async () => {
  const page = await readNcmecPage(Readable.from([Buffer.from(PAGE)]));
  expect(page.next).toBe('/v2/entries?from=2017-10-20T00%3A00%3A00.000Z&to=2017-10-30T00%3A00%3A00.000Z&start=3');
  const builder = new PageBuilder();
  addNcmecChanges(page, builder, new Set());
  expect(builder.changes).toEqual([
    {
      put: {
        ...{ id: '42-image1', kind: 'image', grade: 'A1', member: '42', added: Date.UTC(2017, 9, 24, 15) },
        opinions: [{ member: '43', affirmative: false }],
        signals: [
          { type: 'md5', value: new Uint8Array(16).fill(0xa1), active: true },
          { type: 'sha1', value: new Uint8Array(20).fill(0xa1), active: true },
        ],
      },
    },
    { remove: '43-image4' },
  ]);
});

it('makes of a page in which anything is changed either a page or an error that says so', async () => {
  const bytes = Buffer.from(PAGE);
  const change = fc.record({
    at: fc.integer({ min: 0, max: bytes.length - 1 }),
    take: fc.integer({ min: 0, max: 40 }),
    put: fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constantFrom('<', '>', '&', '"', ']]>', '<!--').map(Buffer.from)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let page = bytes;
      for (const { at, take, put } of changes) {
        page = Buffer.concat([page.subarray(0, at), Buffer.from(put), page.subarray(at + take)]);
      }
      const builder = new PageBuilder();
      try {
        addNcmecChanges(await readNcmecPage(Readable.from([page])), builder, new Set());
      } catch (error) {
        expect(error).toMatchObject({ code: 'source-malformed' });
      }
      for (const { where } of builder.setAside) expect(where).not.toMatch(/[0-9a-f]{32}/i);
    }),
    { numRuns: 400 },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, NotCanonical } from './canonical-json.js';
import { type Pdu, redactPdu } from './redact-pdu.js';
import { contentHash, eventIdOf, isSigned, publicKeyOf, signingKey, signJson } from './sign-json.js';
import { readXMatrix } from './x-matrix.js';

// The vectors of the Matrix specification, appendices, "Canonical JSON" and "Cryptographic Test Vectors".
const KEY = signingKey(Buffer.from('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1', 'base64'));

describe('canonical JSON', () => {
  it.each([
    ['{}', '{}'],
    ['{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'],
    ['{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'],
    [
      '{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"medium":"email","address":"john.doe@example.org"},{"medium":"msisdn","address":"123456789"}]}}}',
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
    ],
    ['{"a": "日本語"}', '{"a":"日本語"}'],
    ['{"本": 2, "日": 1}', '{"日":1,"本":2}'],
    ['{"a": "\\u65E5"}', '{"a":"日"}'],
    ['{"a": null}', '{"a":null}'],
    ['{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'],
    // Beyond the specification's: code points and not code units decide, and control characters are written out.
    ['{"😀": 1, "\\uffee": 2}', '{"\uffee":2,"😀":1}'],
    ['{"a": "\\u0001\\n\\u007f\\u2028"}', '{"a":"\\u0001\\n\u007f\u2028"}'],
    ['{"__proto__": 1, "a": 2}', '{"__proto__":1,"a":2}'],
  ])('of %s', (text, canonical) => expect(canonicalJson(JSON.parse(text))).toBe(canonical));

  it('is refused for what has none', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(() => canonicalJson(deep)).toThrow(NotCanonical);
    for (const value of [1.5, 2 ** 53, Number.NaN, undefined, '\ud800', { '\udfff': 1 }]) {
      expect(() => canonicalJson({ value }), JSON.stringify(value)).toThrow(NotCanonical);
    }
  });

  it('says the same whatever the order, and can be read again', () => {
    const text = fc.string({ unit: 'grapheme' });
    const values = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('any')),
      object: fc.dictionary(text, tie('any')),
    }));
    fc.assert(
      fc.property(values.object, (value) => {
        const once = canonicalJson(value);
        const turned = Object.fromEntries(Object.entries(value as object).reverse());
        expect(canonicalJson(turned)).toBe(once);
        expect(canonicalJson(JSON.parse(once))).toBe(once);
      }),
    );
  });
});

describe('signing', () => {
  const minimal: Pdu = {
    ...{ room_id: '!x:domain', sender: '@a:domain', origin: 'domain', origin_server_ts: 1_000_000, signatures: {} },
    ...{ hashes: {}, type: 'X', content: {}, prev_events: [], auth_events: [], depth: 3, unsigned: { age_ts: 1 } },
  };
  const message: Pdu = {
    ...{ content: { body: 'Here is the message content' }, event_id: '$0:domain', origin: 'domain', signatures: {} },
    ...{ origin_server_ts: 1_000_000, type: 'm.room.message', room_id: '!r:domain', sender: '@u:domain' },
    unsigned: { age_ts: 1_000_000 },
  };

  it.each([
    [{}, 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ'],
    [{ one: 1, two: 'Two' }, 'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw'],
  ])('of JSON: %o', (value, signature) => {
    expect(signJson(value, KEY)).toBe(signature);
    expect(isSigned({ ...value, unsigned: 1, signatures: 2 }, signature, publicKeyOf(KEY))).toBe(true);
    expect(isSigned({ ...value, more: 1 }, signature, publicKeyOf(KEY))).toBe(false);
  });

  it.each([
    [
      minimal,
      '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos',
      'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg',
    ],
    [
      message,
      'onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g',
      'Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA',
    ],
  ])('of an event, by its hash', (event, sha256, signature) => {
    expect(contentHash(event)).toBe(sha256);
    const hashed = { ...event, hashes: { sha256 } };
    expect(signJson(redactPdu(hashed, 1), KEY)).toBe(signature);
  });
});

describe('what stays of an event that is taken back', () => {
  const left = (type: string, content: object, version: number) => redactPdu({ type, content }, version)['content'];
  const power = { ban: 1, invite: 2, events: {}, notifications: {} };

  it('depends on the version of its room', () => {
    const fields = { type: 'm.room.message', origin: 'x', membership: 'join', unsigned: {}, redacts: '$x', depth: 1 };
    expect(redactPdu({ ...fields, content: { body: 'x' } }, 10)).toEqual({
      ...{ type: 'm.room.message', origin: 'x', membership: 'join', depth: 1, content: {} },
    });
    expect(redactPdu({ ...fields, content: { body: 'x' } }, 11)).toEqual({
      type: 'm.room.message',
      depth: 1,
      content: {},
    });
    expect(left('m.room.aliases', { aliases: [1] }, 5)).toEqual({ aliases: [1] });
    expect(left('m.room.aliases', { aliases: [1] }, 6)).toEqual({});
    const rules = { join_rule: 'restricted', allow: [], other: 1 };
    expect([7, 8].map((version) => left('m.room.join_rules', rules, version))).toEqual([
      { join_rule: 'restricted' },
      { join_rule: 'restricted', allow: [] },
    ]);
    const member = {
      ...{ membership: 'join', join_authorised_via_users_server: '@x:y', displayname: 'x' },
      third_party_invite: { display_name: 'x', signed: { token: 'y' } },
    };
    expect([8, 9, 11].map((version) => Object.keys(left('m.room.member', member, version) as object))).toEqual([
      ['membership'],
      ['membership', 'join_authorised_via_users_server'],
      ['membership', 'join_authorised_via_users_server', 'third_party_invite'],
    ]);
    expect(left('m.room.member', member, 11)).toMatchObject({ third_party_invite: { signed: { token: 'y' } } });
    expect([10, 11].map((version) => left('m.room.power_levels', power, version))).toEqual([
      { ban: 1, events: {} },
      { ban: 1, invite: 2, events: {} },
    ]);
    const create = { creator: '@x:y', room_version: '11' };
    expect([10, 11].map((version) => left('m.room.create', create, version))).toEqual([{ creator: '@x:y' }, create]);
    expect([10, 11].map((version) => left('m.room.redaction', { redacts: '$x', reason: 'y' }, version))).toEqual([
      {},
      { redacts: '$x' },
    ]);
  });

  it('names it: by its hash, in two alphabets', () => {
    const event = { type: 'm.room.message', content: { n: 8 }, event_id: '$given:x' };
    expect(eventIdOf(event, 2)).toBe('$given:x');
    const [third, fourth] = [eventIdOf(event, 3), eventIdOf(event, 4)];
    expect(third.replaceAll('+', '-').replaceAll('/', '_')).toBe(fourth);
    expect(eventIdOf({ ...event, content: { n: 9 }, signatures: { x: {} }, unsigned: {} }, 4)).toBe(fourth);
  });
});

describe('who asks', () => {
  it.each([
    'X-Matrix origin="a.example",destination="b.example",key="ed25519:1",sig="abc+/"',
    'X-Matrix origin=a.example, destination=b.example ,key=ed25519:1,sig=abc+/',
    'x-matrix   Sig="abc+/",KEY="ed25519:\\1",ORIGIN="a.example",other=1,destination="b.example"',
  ])('is read of %s', (header) => {
    const read = { origin: 'a.example', destination: 'b.example', key: 'ed25519:1', signature: 'abc+/' };
    expect(readXMatrix(header)).toEqual(read);
  });

  it('is not read of anything else', () => {
    for (const header of [
      undefined,
      '',
      'Bearer x',
      'X-Matrix',
      'X-Matrix origin="a"',
      'X-Matrix origin="a',
      'X-Matrix ,,',
    ]) {
      expect(readXMatrix(header), header).toBeUndefined();
    }
  });
});

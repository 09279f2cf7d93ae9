import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWebhookSecret, signatureHeaders, verifySignature } from './webhook-signature.js';

describe('signatures of webhooks', () => {
  it('are those of the published example of Standard Webhooks', () => {
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = signatureHeaders(message, [secret]);
    expect(headers).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
    const now = message.timestamp * 1_000;
    expect(verifySignature({ headers, body: message.body, secret, now })).toBe(message.id);
  });

  it('hold for what was signed within the window, and for nothing else', () => {
    const secrets = [createWebhookSecret(), createWebhookSecret()];
    fc.assert(
      fc.property(
        fc.record({ id: fc.string({ minLength: 1 }), timestamp: fc.integer({ min: 0, max: 4e9 }), body: fc.string() }),
        fc.integer({ min: -600, max: 600 }),
        (message, late) => {
          const headers = signatureHeaders(message, secrets);
          const now = (message.timestamp + late) * 1_000;
          const check = (more: object) => () =>
            verifySignature({ headers, body: message.body, secret: secrets[0] ?? '', now, ...more });
          if (Math.abs(late) > 300) {
            expect(check({})).toThrow('signature');
            return;
          }
          for (const secret of secrets) expect(check({ secret })()).toBe(message.id);
          for (const wrong of [
            { body: `${message.body} ` },
            { secret: createWebhookSecret() },
            { headers: { ...headers, 'webhook-id': `${message.id}x` } },
            { headers: { ...headers, 'webhook-timestamp': String(message.timestamp + 1) } },
            { headers: { ...headers, 'webhook-timestamp': `${message.timestamp}.0` } },
            { headers: { ...headers, 'webhook-signature': '' } },
            { headers: { ...headers, 'webhook-signature': headers['webhook-signature']?.replaceAll('v1,', 'v2,') } },
            { headers: { ...headers, 'webhook-signature': 'v1,AAAA v1,' } },
            { headers: {} },
          ]) {
            expect(check(wrong)).toThrow(expect.objectContaining({ code: 'signature-invalid' }));
          }
        },
      ),
    );
  });
});

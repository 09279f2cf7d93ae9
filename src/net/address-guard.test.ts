import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';

describe('AddressGuard', () => {
  const guard = new AddressGuard();

  it.each(['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946'])('permits the public address %s', (a) => {
    expect(guard.permits(a)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'ff02::1',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    'localhost',
    '',
    '127.1',
  ])('refuses %s', (a) => {
    expect(guard.permits(a)).toBe(false);
  });

  it('permits what the operator opened, and only that', () => {
    const opened = new AddressGuard(['10.1.0.0/16', '127.0.0.1']);
    expect(opened.permits('10.1.2.3')).toBe(true);
    expect(opened.permits('::ffff:10.1.2.3')).toBe(true);
    expect(opened.permits('10.2.0.1')).toBe(false);
    expect(opened.permits('127.0.0.1')).toBe(true);
    expect(opened.permits('127.0.0.2')).toBe(false);
    expect(opened.permits('::1')).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { clientKey } from '../../../policies/listen/client-key.ts';

describe('clientKey', () => {
  it('counts an IPv6 client by its /64 and an IPv4 client by its address', () => {
    expect(clientKey('192.0.2.1')).toBe('192.0.2.1');
    expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(clientKey('2001:db8:1:2::9')).toBe(clientKey('2001:db8:1:2:ffff::1'));
    expect(clientKey('2001:db8::9')).toBe('2001:db8:0:0');
    expect(clientKey('::1')).toBe('0:0:0:0');
    expect(clientKey('2001:db8:1::')).toBe('2001:db8:1:0');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../compiler/address.ts';
import { canonicalAddress } from '../../../policies/listen/address-rules.ts';
import { clientKey, clientNetwork } from '../../../policies/listen/client-key.ts';

describe('clientKey', () => {
  it('counts an IPv6 client by its /64 and an IPv4 client by its address', () => {
    expect(clientKey('192.0.2.1')).toBe('192.0.2.1');
    expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(clientKey('2001:db8:1:2::9')).toBe(clientKey('2001:db8:1:2:ffff::1'));
    expect(clientKey('2001:db8::9')).toBe('2001:db8:0:0');
    expect(clientKey('::1')).toBe('0:0:0:0');
    expect(clientKey('2001:db8:1::')).toBe('2001:db8:1:0');
    expect(clientKey('2001::1:2:3:4:5')).toBe(clientKey('2001:0:0:1::5'));
    expect(clientKey('2001::1:2:3:4:5')).not.toBe(clientKey('2001::2:2:3:4:5'));
  });
});

describe('clientNetwork', () => {
  it('is an IPv4 address, or the /64 of an IPv6 address in its one spelling', () => {
    expect(clientNetwork('192.0.2.1')).toBe('192.0.2.1');
    expect(clientNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(clientNetwork('2001:db8::9')).toBe('2001:db8::/64');
    expect(clientNetwork('2001:0:0:4::9')).toBe('2001:0:0:4::/64');
    expect(clientNetwork('::1')).toBe('::/64');
  });

  it('is what a range of the compiler is called', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = canonicalAddress(text)!;
        fc.pre(address.includes(':') && !address.includes('.'));
        expect(clientNetwork(address)).toBe(parseRange(`${address}/64`)?.canonical);
      }),
    );
  });
});

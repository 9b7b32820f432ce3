import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, compileAddressRules } from '../../../policies/listen/address-rules.ts';
import { forwardedAddress } from '../../../policies/listen/client-address.ts';

const rules = compileAddressRules({
  ip: { deny: [] },
  trustedProxies: ['10.0.0.0/8', '2001:db8:ffff::/48'],
});
const byFor = (header: string) => forwardedAddress('10.0.0.1', undefined, header, rules);
const byForwarded = (header: string) => forwardedAddress('10.0.0.1', header, undefined, rules);

describe('canonicalAddress', () => {
  it('has one spelling for each address', () => {
    expect(canonicalAddress('192.0.2.1')).toBe('192.0.2.1');
    expect(canonicalAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(canonicalAddress('::FFFF:c000:0201')).toBe('192.0.2.1');
    expect(canonicalAddress('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
    expect(canonicalAddress('fe80::1%eth0')).toBe('fe80::1');
  });

  it('knows no address in octal, hexadecimal, short or padded forms', () => {
    for (const text of [
      '0177.0.0.1',
      '0x7f.1',
      '127.1',
      '2130706433',
      '',
      ' 127.0.0.1',
      '1.2.3.4.5',
      'localhost',
    ]) {
      expect([text, canonicalAddress(text)]).toEqual([text, undefined]);
    }
  });
});

describe('the address that X-Forwarded-For tells', () => {
  it('is the first from the right that is no proxy of ours', () => {
    expect(byFor('192.0.2.7')).toBe('192.0.2.7');
    expect(byFor('192.0.2.7, 10.2.3.4')).toBe('192.0.2.7');
    expect(byFor('192.0.2.7,10.2.3.4 ,\t2001:db8:ffff::9')).toBe('192.0.2.7');
    expect(byFor('[2001:db8::7]:4711')).toBe('2001:db8::7');
    expect(byFor('192.0.2.7:4711')).toBe('192.0.2.7');
    expect(byFor('::ffff:192.0.2.7')).toBe('192.0.2.7');
  });

  it('is never what the client wrote itself before a proxy appended to it', () => {
    expect(byFor('127.0.0.1, 192.0.2.7, 10.2.3.4')).toBe('192.0.2.7');
    expect(byFor('garbage, 192.0.2.7')).toBe('192.0.2.7');
  });

  it('is the farthest hop where all are proxies of ours', () => {
    expect(byFor('10.9.9.9, 10.2.3.4')).toBe('10.9.9.9');
  });

  it('is undetermined where a hop that counts is no address', () => {
    for (const header of [
      '',
      'unknown',
      '192.0.2.7,',
      'fe80::1%eth0',
      '192.0.2.256',
      'a b',
      '192.0.2.7:99x',
      '[192.0.2.7',
    ]) {
      expect([header, byFor(header)]).toEqual([header, undefined]);
    }
    expect(byFor(`${'10.0.0.1,'.repeat(40)}10.0.0.1`)).toBeUndefined();
  });
});

describe('the address that Forwarded tells', () => {
  it('is read as RFC 7239 writes it', () => {
    expect(byForwarded('for=192.0.2.7')).toBe('192.0.2.7');
    expect(byForwarded('For="[2001:db8::7]:4711"')).toBe('2001:db8::7');
    expect(byForwarded('for=192.0.2.7;proto=https;by=10.0.0.1, for=10.2.3.4')).toBe('192.0.2.7');
    expect(byForwarded('proto=https;host="a,b;for=1.2.3.4";for=192.0.2.7')).toBe('192.0.2.7');
    expect(byForwarded('for="192.0.2.\\7"')).toBe('192.0.2.7');
  });

  it('is undetermined where it is malformed, obfuscated or without an address', () => {
    for (const header of [
      '',
      'for=unknown',
      'for=_hidden',
      'for=192.0.2.7,',
      'for=192.0.2.7 for=192.0.2.8',
      'for=192.0.2.7;for=192.0.2.8',
      'proto=https',
      'for="192.0.2.7',
      'for=[2001:db8::7]',
      'for= 192.0.2.7',
      '192.0.2.7',
      'for=192.0.2.7, proto=https',
    ]) {
      expect([header, byForwarded(header)]).toEqual([header, undefined]);
    }
  });

  it('must agree with X-Forwarded-For where both are there, since a proxy passes on the one it does not write', () => {
    expect(forwardedAddress('10.0.0.1', 'for=192.0.2.7', '192.0.2.7', rules)).toBe('192.0.2.7');
    expect(forwardedAddress('10.0.0.1', 'for=127.0.0.1', '192.0.2.7', rules)).toBeUndefined();
    expect(forwardedAddress('10.0.0.1', 'for=192.0.2.7', 'unknown', rules)).toBeUndefined();
  });
});

describe('forwardedAddress', () => {
  it('is the peer without either header', () => {
    expect(forwardedAddress('10.0.0.1', undefined, undefined, rules)).toBe('10.0.0.1');
  });

  it('survives any text, and yields only canonical addresses', () => {
    fc.assert(
      fc.property(fc.option(fc.string(), { nil: undefined }), fc.string(), (forwarded, forwardedFor) => {
        const address = forwardedAddress('10.0.0.1', forwarded, forwardedFor, rules);
        expect(address === undefined || canonicalAddress(address) === address).toBe(true);
      }),
    );
  });

  it('takes no longer for hostile text than its length explains', () => {
    const startedMs = performance.now();
    for (const piece of ['for="', 'for=a;', '\\"', ';;;', 'a=b,', ' \t'])
      byForwarded(`for="${piece.repeat(8_000)}`);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});

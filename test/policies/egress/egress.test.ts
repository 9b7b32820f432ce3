import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareEgress } from '../../../policies/egress/egress.ts';

const PUBLIC = prepareEgress({ public: true, ranges: [] });
const ALL = prepareEgress({ public: true, ranges: ['0.0.0.0/0', '::/0'] });
const NONE = prepareEgress({ public: false, ranges: [] });

/** Where clouds keep credentials, in every notation that an address has. */
const METADATA = [
  '169.254.169.254',
  '169.254.0.1',
  '169.254.170.2',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '::ffff:0:169.254.169.254',
  '0:0:0:0:FFFF:0:A9FE:A9FE',
  '::168.63.129.16',
  '::ffff:168.63.129.16',
  '64:ff9b::a83f:8110',
  '64:ff9b::6464:64c8',
  '0064:FF9B:0:0:0:0:100.100.100.200',
  '64:ff9b::192.0.0.192',
  '64:ff9b::',
  '64:ff9b:1:a9fe:a9:fe00::',
  '2002:a83f:8110::',
  '2002:6464:64c8:ffff:ffff:ffff:ffff:ffff',
  '2002:0:0::1',
  '2001:0:a9fe:a9fe::1',
  '2001:0:c000:221:0:0:5601:5601',
  '2001::5601:5601',
  'fe80::1',
  'fe80::1%eth0',
  'febf:ffff::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '0.0.0.0',
  '::',
];

const SPECIAL = [
  '10.1.2.3',
  '127.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '192.0.2.1',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:127.0.0.1',
  'fc00::1',
  'fd12::1',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
  '100::1',
];

const NEVER_V4 = ['169.254.169.254', '169.254.7.7', '100.100.100.200', '168.63.129.16', '192.0.0.192'];

const hex = (address: string, mask = 0): string => {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
  return [a * 256 + b, c * 256 + d].map((group) => (group ^ mask).toString(16)).join(':');
};

/** Notations of IPv6 that lead to an IPv4 address. */
const NOTATIONS: readonly ((address: string) => string)[] = [
  (address) => `::${address}`,
  (address) => `::${hex(address)}`,
  (address) => `::ffff:${hex(address)}`,
  (address) => `::ffff:0:${address}`,
  (address) => `::ffff:0:${hex(address)}`,
  (address) => `64:ff9b::${address}`,
  (address) => `64:ff9b::${hex(address)}`,
  (address) => `2002:${hex(address)}:1:2:3:4:5`,
  (address) => `2001:0:${hex(address)}:1:2:3:4`,
  (address) => `2001:0:808:808:1:2:${hex(address, 0xffff)}`,
];

describe('egress', () => {
  it.each(METADATA)('never admits %s', (address) => {
    expect(
      [PUBLIC, ALL, prepareEgress({ public: false, ranges: [address.split('%')[0]!] })].map((egress) =>
        egress(address),
      ),
    ).toEqual([false, false, false]);
  });

  it('admits an IPv4 address that is embedded where that one is admitted, and never where it never is', () => {
    const ipv4 = fc.oneof(fc.constantFrom(...NEVER_V4), fc.ipV4());
    fc.assert(
      fc.property(ipv4, fc.constantFrom(...NOTATIONS), (address, embed) => {
        fc.pre(!address.startsWith('0.'));
        expect(ALL(embed(address))).toBe(ALL(address));
      }),
    );
  });

  it.each(SPECIAL)('admits %s only where its range is listed, not as public', (address) => {
    expect([PUBLIC(address), NONE(address), ALL(address)]).toEqual([false, false, true]);
  });

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8', '172.32.0.1'])(
    'admits %s as public',
    (address) => {
      expect([PUBLIC(address), NONE(address)]).toEqual([true, false]);
    },
  );

  it('admits a listed range and nothing beside it', () => {
    const egress = prepareEgress({ public: false, ranges: ['10.20.0.0/16', '2001:db8:1::/48', '192.0.2.7'] });
    expect(['10.20.255.1', '2001:db8:1::5', '192.0.2.7', '::ffff:10.20.0.1'].map(egress)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['10.21.0.1', '2001:db8:2::5', '192.0.2.8', '8.8.8.8'].map(egress)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it.each([
    '',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '8.8.8.8 ',
    '8.8.8.8/32',
    '[::1]',
    '1.2.3.4.5',
  ])('takes %j for no address', (text) => {
    expect(ALL(text)).toBe(false);
  });

  it('decides alike on all notations of an IPv6 address', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (each) => {
        const full = each.map((group) => group.toString(16).toUpperCase().padStart(4, '0')).join(':');
        const { address } = new SocketAddress({ address: full, family: 'ipv6' });
        for (const egress of [PUBLIC, ALL]) expect(egress(full)).toBe(egress(address));
      }),
    );
  });

  it('decides alike on an IPv4 address and its IPv4-mapped notation', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        for (const egress of [PUBLIC, ALL]) expect(egress(`::ffff:${address}`)).toBe(egress(address));
      }),
    );
  });
});

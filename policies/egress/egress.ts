/** Egress: which addresses connections may be made to. */
import { BlockList, isIP } from 'node:net';
import { embeddedAddresses } from './embedded.ts';

/** What a configuration allows. `ranges` are addresses and CIDR ranges. */
export interface EgressRules {
  readonly public: boolean;
  readonly ranges: readonly string[];
}

/** Whether an IP address may be connected to; false for what is no address. */
export type Egress = (address: string) => boolean;

/**
 * Link-local addresses, where clouds keep their metadata services, and the addresses that some of them have elsewhere.
 * Where the local-use prefix of translation has its IPv4 address is not certain (RFC 8215).
 */
const NEVER = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '::/128',
  'fe80::/10',
  'fd00:ec2::254',
  'fd20:ce::254',
  '64:ff9b:1::/48',
];

/** Addresses that are not the public internet's (IANA special-purpose address registries; RFC 6890 and its successors). */
const SPECIAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
];

/** Global unicast; what lies outside is special (IANA, IPv6 address space). */
const GLOBAL_UNICAST = ['2000::/3'];

const MAPPED = ['::ffff:0:0/96'];

const listOf = (ranges: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
};

const never = listOf(NEVER);
const special = listOf(SPECIAL);
const globalUnicast = listOf(GLOBAL_UNICAST);
const mapped = listOf(MAPPED);

/** A list knows an IPv4 address in its IPv4-mapped notation too. */
const isPublic = (address: string, family: 'ipv4' | 'ipv6'): boolean =>
  !special.check(address, family) &&
  (family === 'ipv4' || mapped.check(address, family) || globalUnicast.check(address, family));

const isNever = (address: string, family: 'ipv4' | 'ipv6'): boolean =>
  never.check(address, family) ||
  (family === 'ipv6' && embeddedAddresses(address).some((each) => never.check(each, 'ipv4')));

/** Prepares the rules. Link-local and metadata addresses are refused whatever they allow, in whatever notation. */
export const prepareEgress = ({ public: allowsPublic, ranges }: EgressRules): Egress => {
  const allowed = listOf(ranges);
  return (address) => {
    const version = isIP(address);
    // A zone names an interface of this machine: link-local, whatever the address says.
    if (version === 0 || address.includes('%')) return false;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (isNever(address, family)) return false;
    return allowed.check(address, family) || (allowsPublic && isPublic(address, family));
  };
};

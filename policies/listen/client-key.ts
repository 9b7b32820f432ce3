/** The first four groups of an IPv6 address; undefined for any other. */
const networkGroups = (address: string): readonly string[] | undefined => {
  if (!address.includes(':')) return undefined;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':');
    while (groups.length + tail.length < 8) groups.push('0');
    groups.push(...tail);
  }
  return groups.slice(0, 4);
};

/** What one client is counted by: an IPv4 address, or the /64 that an IPv6 client can move in at will. */
export const clientKey = (address: string): string => networkGroups(address)?.join(':') ?? address;

/** The same as it is written: an IPv4 address, or a network such as `2001:db8::/64`. */
export const clientNetwork = (address: string): string => {
  const groups = networkGroups(address);
  if (groups === undefined) return address;
  let length = groups.length;
  while (groups[length - 1] === '0') length -= 1;
  return `${groups.slice(0, length).join(':')}::/64`;
};

/** What one client is counted by: an IPv4 address, or the /64 that an IPv6 client can move in at will. */
export const clientKey = (address: string): string => {
  if (!address.includes(':')) return address;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':');
    while (groups.length + tail.length < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
};

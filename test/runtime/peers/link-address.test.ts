import { describe, expect, it } from 'vitest';
import { readLinkAddress } from '../../../runtime/peers/link-address.ts';

describe('the address of a replica', () => {
  it.each([
    ['10.0.0.5:7946', { host: '10.0.0.5', port: 7946 }],
    ['edge-1.internal:1', { host: 'edge-1.internal', port: 1 }],
    ['[fd00::5]:7946', { host: 'fd00::5', port: 7946 }],
    ['fd00::5:7946', { host: 'fd00::5', port: 7946 }],
  ])('%s is a host and a port', (text, address) => expect(readLinkAddress(text)).toEqual(address));

  it.each([
    '',
    ':7946',
    '10.0.0.5',
    '10.0.0.5:0',
    '10.0.0.5:65536',
    '10.0.0.5:-1',
    '10.0.0.5:79 46',
    'a b:7946',
    'http://a:7946',
    '[10.0.0.5:7946',
    '[]:7946',
    '/run/socket',
  ])('%s is none', (text) => expect(readLinkAddress(text)).toBeUndefined());
});

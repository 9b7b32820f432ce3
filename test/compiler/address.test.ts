import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHostName, isLoopbackHost, parseBind, parseRange } from '../../compiler/address.ts';

describe('address ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['2001:db8::ff/120', '2001:db8::/120'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['fe80::1/10', 'fe80::/10'],
    ['2001:db8:1:2:3:4:5:6/65', '2001:db8:1:2::/65'],
  ])('write %s as %s', (text, canonical) => expect(parseRange(text)?.canonical).toBe(canonical));

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '::/129',
    'fe80::1%eth0/64',
    'localhost',
    '010.0.0.1',
    '10.0.0.0/08x',
  ])('do not take %j for one', (text) => expect(parseRange(text)).toBeUndefined());

  it('read addresses of IPv4 within IPv6', () => {
    expect(parseRange('::ffff:10.1.2.3')?.canonical).toBe('::ffff:10.1.2.3/128');
    expect(parseRange('::ffff:10.1.2.3/104')?.canonical).toBe('::ffff:10.0.0.0/104');
  });

  it('have one spelling only', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (address, prefix) => {
        const range = parseRange(`${address}/${prefix}`);
        if (!range) return;
        expect(parseRange(range.canonical)).toMatchObject({ canonical: range.canonical, hasHostBits: false });
      }),
    );
  });
});

describe('bind addresses', () => {
  it.each([
    ['127.0.0.1:8080', { type: 'tcp', host: '127.0.0.1', port: 8080 }],
    ['[::1]:0', { type: 'tcp', host: '::1', port: 0 }],
    ['[0:0:0:0:0:0:0:1]:80', { type: 'tcp', host: '::1', port: 80 }],
    ['LOCALHOST:80', { type: 'tcp', host: 'localhost', port: 80 }],
    ['unix:/run/a.sock', { type: 'unix', path: '/run/a.sock' }],
    ['unix:./a.sock', { type: 'unix', path: './a.sock' }],
  ])('read %s', (text, bind) => expect(parseBind(text)).toEqual(bind));

  it.each([
    '8080',
    ':8080',
    '*:80',
    '127.0.0.1',
    '127.0.0.1:65536',
    '::1:80',
    'example.com:80',
    'unix:',
    'unix:a',
    '[::1%lo]:1',
    ' 127.0.0.1:80',
  ])('do not take %j', (text) => expect(parseBind(text)).toBeUndefined());
});

describe('hosts', () => {
  it('are of this machine only if they are loopback in whatever spelling', () => {
    const own = ['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]'];
    expect(own.filter((host) => !isLoopbackHost(host))).toEqual([]);
    const others = [
      'localhost.example.com',
      '128.0.0.1',
      '0.0.0.0',
      '::',
      '10.0.0.1',
      '127.0.0.1.nip.io',
      '',
    ];
    expect(others.filter(isLoopbackHost)).toEqual([]);
  });

  it('are names of letters, digits and hyphens', () => {
    expect(['a', 'a.b-c.example', 'x_y.example', 'example.com.'].filter((host) => !isHostName(host))).toEqual(
      [],
    );
    expect(['', '-a', 'a..b', '*.example.com', 'a b', '1.2.3.4', 'a/b', 'ä'].filter(isHostName)).toEqual([]);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareKey } from '../../../policies/limit/key.ts';
import { principal, resourceRead, toolCall } from '../call-facts.ts';

const callBy = (id: string, identity = 'workforce') =>
  toolCall('x', { args: {}, principal: principal({ id, identity, key: `${identity}:${id}` }) });

test('equal ids of different identities are counted apart', () => {
  const key = prepareKey(['principal.id']);
  expect(key(callBy('alice'))).toBe(key(callBy('alice')));
  expect(key(callBy('alice'))).not.toBe(key(callBy('alice', 'robots')));
  expect(key(callBy('alice'))).not.toBe(key(callBy('bob')));
});

test('no expression means one count for all', () => {
  expect(prepareKey([])(callBy('alice'))).toBe(prepareKey([])(callBy('bob')));
});

test.each([
  ['tool.name', toolCall('x'), toolCall('y')],
  ['server.name', toolCall('x'), toolCall('x', { server: { name: 'other' } })],
  [
    'client.address',
    toolCall('x'),
    toolCall('x', { client: { ...toolCall('x').client, address: '10.0.0.2' } }),
  ],
  ['upstream.name', toolCall('x'), toolCall('x', { upstream: { name: 'other' } })],
  [' principal.tenant ', toolCall('x'), toolCall('x', { principal: principal({ tenant: 'globex' }) })],
  ['principal.assurance > 1', toolCall('x'), toolCall('x', { principal: principal({ assurance: 2 }) })],
  ['principal.assurance', toolCall('x'), toolCall('x', { principal: principal({ assurance: 2 }) })],
  [
    'principal.roles',
    toolCall('x'),
    toolCall('x', { principal: principal({ roles: ['engineering,on-call'] }) }),
  ],
  ["principal.tenant + '/' + tool.name", toolCall('x'), toolCall('y')],
  ['tool.annotations.readOnlyHint ? tool.name : "others"', toolCall('x'), resourceRead('file:///x')],
])('%s tells calls apart', (expression, one, other) => {
  const key = prepareKey([expression]);
  expect(key(one)).toBe(key({ ...one }));
  expect(key(one)).not.toBe(key(other));
});

test('an address alone counts an IPv6 client by what it moves in at will, and within an expression as it is', () => {
  const from = (address: string) => toolCall('x', { client: { ...toolCall('x').client, address } });
  const key = prepareKey([' client.address ']);
  expect(key(from('2001:db8:1:2::1'))).toBe(key(from('2001:db8:1:2:ffff::9')));
  expect(key(from('2001:db8:1:2::1'))).not.toBe(key(from('2001:db8:1:3::1')));
  expect(key(from('192.0.2.1'))).not.toBe(key(from('192.0.2.2')));
  const exact = prepareKey(["client.address + ''"]);
  expect(exact(from('2001:db8:1:2::1'))).not.toBe(exact(from('2001:db8:1:2::2')));
});

test('calls for which a key has no value share one count, apart from every value', () => {
  for (const expression of ['tool.name', "tool.name + ''"]) {
    const key = prepareKey([expression]);
    expect(key(resourceRead('file:///x'))).toBe(key(resourceRead('file:///y')));
    for (const name of ['', '-', 's', 's-', 'undefined', 'null']) {
      expect(key(toolCall(name))).not.toBe(key(resourceRead('file:///x')));
    }
  }
  expect(prepareKey(['principal.claims.missing'])(toolCall('x'))).toBe('-');
});

test('no two tuples share a key, whatever is in them', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('', '-', '1:s', 's', ':', '2:s', '\0', ','));
  const key = prepareKey(['principal.tenant', 'tool.name', 'server.name']);
  const facts = (tenant: string, name: string, server: string) =>
    toolCall(name, { principal: principal({ tenant }), server: { name: server } });
  fc.assert(
    fc.property(fc.tuple(text, text, text), fc.tuple(text, text, text), (one, other) => {
      const same = one.every((value, index) => value === other[index]);
      expect(key(facts(...one)) === key(facts(...other))).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test('a key that is not an expression of the environment is refused when prepared', () => {
  expect(() => prepareKey(['tool.nmae'])).toThrow('cannot prepare');
  expect(() => prepareKey(['tool'])).toThrow('cannot prepare');
  expect(() => prepareKey(['constructor.name'])).toThrow('cannot prepare');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareKey } from '../../../policies/limit/key.ts';
import { canonicalAddress } from '../../../policies/listen/address-rules.ts';
import { typedExpressions } from '../../compiler/check/cel/typed-expressions.ts';
import { principal, resourceRead, toolCall } from '../call-facts.ts';

const callBy = (id: string, identity = 'workforce') =>
  toolCall('x', { args: {}, principal: principal({ id, identity, key: `${identity}:${id}` }) });

test('equal ids of different identities are counted apart', () => {
  const key = prepareKey(['principal.id']);
  expect(key(callBy('alice'))).toBe(key(callBy('alice')));
  expect(key(callBy('alice'))).not.toBe(key(callBy('alice', 'robots')));
  expect(key(callBy('alice'))).not.toBe(key(callBy('bob')));
});

test.each([
  '(principal.id)',
  ' principal.id // of whoever asks',
  "principal['id']",
  'string(principal.id)',
  "'' + principal.id",
  "principal.tenant + '/' + principal.id + '/' + tool.name",
  "principal.id == 'nobody' ? client.address : principal.id",
  "principal.id == 'alice' ? principal.id + '!' : 'others'",
  '[principal.id, tool.name]',
  '[tool.name] + [[principal.id]]',
  '[principal.id] + principal.roles',
])('%s does so, too, for the identity goes with what it yields', (expression) => {
  const key = prepareKey([expression]);
  expect(key(callBy('alice'))).toBe(key(callBy('alice')));
  expect(key(callBy('alice'))).not.toBe(key(callBy('alice', 'robots')));
  const both = prepareKey(['server.name', expression]);
  expect(both(callBy('alice'))).not.toBe(both(callBy('alice', 'robots')));
});

test.each([
  ["principal.id == 'alice' ? 'owner' : 'others'", 'alice', 'bob'],
  ["principal.id.startsWith('bot-') ? 'bots' : 'people'", 'bot-1', 'alice'],
  ["principal.id in ['alice', 'carol']", 'alice', 'bob'],
  ["['alice', 'carol'].exists(name, name == principal.id) ? 1 : 2", 'alice', 'bob'],
  ["('x' + principal.id).size()", 'alice', 'bob'],
  ["principal.id.split('@')[1]", 'alice@example.com', 'alice@example.org'],
  ['[principal.id][0] == principal.id ? tool.name : principal.id', 'alice', 'alice'],
])('%s counts those together that it means to, whoever vouched for them', (expression, one, other) => {
  const key = prepareKey([expression]);
  expect(key(callBy(one))).toBe(key(callBy(one, 'robots')));
  if (one !== other) expect(key(callBy(one))).not.toBe(key(callBy(other)));
});

test('no identity can be named so that its callers are counted with those of another', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const id = fc.oneof(fc.string(), fc.constantFrom('', ':', 'workforce:alice', 'alice', '@caller'));
  const key = prepareKey(['(principal.id)']);
  fc.assert(
    fc.property(name, id, name, id, (identity, one, otherIdentity, other) => {
      const same = identity === otherIdentity && one === other;
      expect(key(callBy(one, identity)) === key(callBy(other, otherIdentity))).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test('what stands for a caller with its identity cannot be written', () => {
  for (const expression of ['@caller', '`@caller`', "'@caller' + @caller", 'principal.key'])
    expect(() => prepareKey([`(${expression})`])).toThrow('cannot prepare');
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

const from = (address: string) => toolCall('x', { client: { ...toolCall('x').client, address } });

test.each([
  ' client.address ',
  '(client.address)',
  "client['address']",
  'client.address + tool.name',
  'string(client.address)',
  "client.address.contains(':') ? 'IPv6 ' + client.address : client.address",
])('%s counts an IPv6 client by what it moves in at will', (expression) => {
  const key = prepareKey([expression]);
  expect(key(from('2001:db8:1:2::1'))).toBe(key(from('2001:db8:1:2:ffff::9')));
  expect(key(from('2001:db8:1:2::1'))).not.toBe(key(from('2001:db8:1:3::1')));
  expect(key(from('192.0.2.1'))).not.toBe(key(from('192.0.2.2')));
});

test('a network can be told apart in a key, and none of its addresses', () => {
  const network = prepareKey(["client.address == '2001:db8:1:2::/64' ? 'office' : 'others'"]);
  expect(network(from('2001:db8:1:2::1'))).not.toBe(network(from('2001:db8:1:3::1')));
  const address = prepareKey(["client.address == '2001:db8:1:2::1' ? 'printer' : 'others'"]);
  expect(address(from('2001:db8:1:2::1'))).toBe(address(from('2001:db8:1:2::2')));
});

/** An address within a network, in the spelling that requests have. */
const addressIn = (network: string, host: readonly number[]): string =>
  canonicalAddress(`${network}:${host.map((group) => group.toString(16)).join(':')}`)!;

test('no expression over the address gives two keys for two addresses of one /64', () => {
  const network = '2001:db8:0:7';
  const hosts = fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 });
  const elsewhere = from('2001:db8:0:8::1');
  let told = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        typedExpressions.string,
        typedExpressions.strings,
        typedExpressions.int,
        typedExpressions.bool,
      ),
      hosts,
      hosts,
      (shape, one, other) => {
        const expression = shape.replace(
          /\b(?:principal\.id|tool\.name|args\.path|args\.where\.column)\b/g,
          'client.address',
        );
        fc.pre(expression.includes('client.address'));
        const key = prepareKey([expression]);
        const here = key(from(addressIn(network, one)));
        expect(key(from(addressIn(network, other)))).toBe(here);
        if (key(elsewhere) !== here) told += 1;
      },
    ),
    { numRuns: 1000 },
  );
  expect(told).toBeGreaterThan(20);
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadOrder, readOrder } from '../../../runtime/revocation/read-order.ts';
import { FOREVER_MS } from '../../../runtime/state/stored-table.ts';
import type { IdentityNode } from '../../../schema/graph/identity.ts';

const NOW_MS = Date.parse('2026-11-30T12:00:00Z');

const keys = (name: string): IdentityNode => ({ kind: 'identity', type: 'api-key', name, keys: [] });
const tokens = (name: string): IdentityNode => ({
  kind: 'identity',
  type: 'jwt',
  name,
  issuer: 'https://id.example',
  keys: { type: 'discovery' },
  algorithms: ['ES256'],
  clockToleranceMs: 0,
  principal: { id: 'claims.sub' },
});
const ONE_EACH = { robots: keys('robots'), workforce: tokens('workforce') };

const read = (order: object | string, identities: Readonly<Record<string, IdentityNode>> = ONE_EACH) =>
  readOrder(typeof order === 'string' ? order : JSON.stringify(order), identities, NOW_MS);

describe('an order to revoke', () => {
  it('names a key, a token or a subject, of the only identity that vouches for such', () => {
    expect(read({ key: 'ci' })).toEqual({
      name: { kind: 'key', identity: 'robots', id: 'ci' },
      does: 'revoke',
      untilMs: FOREVER_MS,
      reason: undefined,
    });
    expect(read({ token: 'a:b/ü 1', reason: 'lost' })).toMatchObject({
      name: { kind: 'token', identity: 'workforce', id: 'a:b/ü 1' },
      reason: 'lost',
    });
    expect(read({ subject: 'ann@example.com', lift: true })).toMatchObject({ does: 'lift' });
  });

  it('says how long, or until when', () => {
    expect(read({ token: 'a', for: '36h' }).untilMs).toBe(NOW_MS + 36 * 3_600_000);
    expect(read({ token: 'a', until: '2026-12-01T01:00:00+01:00' }).untilMs).toBe(NOW_MS + 12 * 3_600_000);
  });

  it('names the identity where there are several', () => {
    const several = { one: tokens('one'), other: tokens('other') };
    expect(read({ subject: 'ann', identity: 'other' }, several).name.identity).toBe('other');
    expect(() => read({ subject: 'ann' }, several)).toThrow(/there is `one`, `other`/);
    expect(() => read({ key: 'ci' }, several)).toThrow(/there is none/);
    expect(() => read({ key: 'ci', identity: 'workforce' })).toThrow(/of type api-key: there is `robots`/);
  });

  it.each([
    ['', 'one JSON object'],
    ['[]', 'one JSON object'],
    ['null', 'one JSON object'],
    ['{"key":"a","key":"b"}', 'one JSON object'],
    ['{"__proto__":{"key":"a"}}', 'one JSON object'],
    ['{}', 'name one of'],
    ['{"key":"a","token":"b"}', 'name one of'],
    ['{"key":7}', '`key` is a text'],
    ['{"key":""}', '`key` is a text'],
    ['{"token":"a\\u0000b"}', 'without control characters'],
    ['{"token":"a\\nb"}', 'without control characters'],
    ['{"key":"gw_ci_secret"}', 'the id of a key, not the key'],
    [JSON.stringify({ token: 'x'.repeat(513) }), '1 to 512'],
    [JSON.stringify({ token: 'x', reason: 'x'.repeat(257) }), '1 to 256'],
    ['{"key":"a","ttl":"1h"}', 'unknown member "ttl"'],
    ['{"key":"a","lift":"yes"}', '`lift` is true or false'],
    ['{"key":"a","lift":true,"for":"1h"}', 'what is lifted'],
    ['{"key":"a","for":"1h","until":"2027-01-01T00:00:00Z"}', 'not both'],
    ['{"key":"a","for":"soon"}', 'a time such as 24h'],
    ['{"key":"a","for":"0s"}', 'a time such as 24h'],
    ['{"key":"a","for":"40000d"}', 'ten years ahead at most'],
    ['{"key":"a","until":"2026-11-30T11:59:59Z"}', 'a moment to come'],
    ['{"key":"a","until":"tomorrow"}', 'a moment to come'],
    ['{"key":"a","until":"2026-13-45T00:00:00Z"}', 'a moment to come'],
    ['{"key":"a","identity":"nobody"}', 'there is `robots`'],
  ])('is refused in words: %s', (text, problem) => {
    expect(() => read(text)).toThrow(BadOrder);
    expect(() => read(text)).toThrow(problem);
  });

  it('is refused in words or understood, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .dictionary(
          fc.constantFrom('key', 'token', 'subject', 'for', 'until', 'reason', 'lift', 'identity'),
          fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant('1h')),
        )
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          const { name, untilMs } = read(given);
          expect(name.id.length).toBeGreaterThan(0);
          expect(untilMs).toBeGreaterThan(NOW_MS);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BadOrder);
        }
      }),
    );
  });
});

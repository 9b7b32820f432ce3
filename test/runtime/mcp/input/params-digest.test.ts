import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paramsDigest } from '../../../../runtime/mcp/input/params-digest.ts';
import { isRefused, readMessage } from '../../../../runtime/mcp/message.ts';

const digest = (paramsText: string): string => {
  const text = `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ${paramsText}}`;
  const read = readMessage(text, JSON.parse(text), 1000);
  if (isRefused(read)) throw read.error;
  return paramsDigest(read);
};

/** The same value with its keys turned round and white space between tokens. */
const rewritten = (value: unknown): string => {
  if (Array.isArray(value)) return `[ ${value.map(rewritten).join('\t,\n')} ]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).reverse();
  return `{ ${members.map(([key, member]) => `${JSON.stringify(key)} : ${rewritten(member)}`).join(' , ')} }`;
};

describe('paramsDigest', () => {
  it.each([
    [
      'what a retry adds',
      '{"name":"a"}',
      '{"name":"a","inputResponses":{"x":{}},"requestState":"s","_meta":{"n":1}}',
    ],
    [
      'the order of keys',
      '{"name":"a","arguments":{"x":1,"y":[{}]}}',
      '{"arguments":{"y":[{}],"x":1},"name":"a"}',
    ],
    ['escapes', '{"name":"a","arguments":{"\\u0078":"\\u0079\\/"}}', '{"name":"a","arguments":{"x":"y/"}}'],
    ['white space', '{"name":"a","arguments":{}}', '{ "name" : "a" ,\n"arguments" : { } }'],
  ])('does not tell apart %s', (_what, one, other) => {
    expect(digest(one)).toBe(digest(other));
  });

  it.each([
    ['values', '{"a":1}', '{"a":2}'],
    ['integers that no double holds', '{"a":9007199254740993}', '{"a":9007199254740992}'],
    ['types', '{"a":"1"}', '{"a":1}'],
    ['places', '{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}'],
    ['elements in another order', '{"a":[1,2]}', '{"a":[2,1]}'],
    ['what a retry adds elsewhere than in params', '{"a":{"_meta":1}}', '{"a":{}}'],
    ['text that looks like structure', '{"a":"b\\",\\"c"}', '{"a":"b","c":""}'],
    ['nothing and null', '{"a":null}', '{}'],
  ])('tells apart %s', (_what, one, other) => {
    expect(digest(one)).not.toBe(digest(other));
  });

  it('is the same for every way to write a value, and another for another value', () => {
    const params = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(params, params, (one, other) => {
        expect(digest(JSON.stringify(one))).toBe(digest(rewritten(JSON.parse(JSON.stringify(one)))));
        const plain = (value: object) => rewritten(sorted(value));
        if (plain(one) !== plain(other))
          expect(digest(JSON.stringify(one))).not.toBe(digest(JSON.stringify(other)));
      }),
    );
  });

  it('reads strings of any length', () => {
    const long = 'x\\"'.repeat(1_000_000);
    expect(digest(`{"a":"${long}"}`)).toBe(digest(`{ "a" : "${long}" }`));
  });
});

/** Without what is not salient, keys in order. */
const sorted = (value: unknown, isRoot = true): unknown => {
  if (Array.isArray(value)) return value.map((each) => sorted(each, false));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(JSON.parse(JSON.stringify(value)))
    .filter(([key]) => !isRoot || !['_meta', 'inputResponses', 'requestState'].includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member, false)]));
};

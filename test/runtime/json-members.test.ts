import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elementsAt,
  type Members,
  type MessageMembers,
  membersAt,
  memberText,
  skipValue,
  walkMessage,
} from '../../runtime/json-members.ts';

const DEPTH = 100;

const valuesOf = (text: string, members: Members): Record<string, unknown> =>
  Object.fromEntries(
    members.keys.map((key, at) => [key, JSON.parse(text.slice(members.starts[at], members.ends[at]))]),
  );

/** JSON text of a value with white space wherever JSON allows it. */
const spaced = (value: unknown, space: string): string => {
  if (Array.isArray(value))
    return `[${space}${value.map((each) => spaced(each, space)).join(`${space},${space}`)}${space}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, each]) => `${JSON.stringify(key)}${space}:${space}${spaced(each, space)}`,
  );
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
};

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>);
const space = fc.constantFrom('', ' ', '\n\t', '\r\n  ');

const walkedMessage = (text: string): MessageMembers => {
  const walked = walkMessage(text, DEPTH);
  if (typeof walked === 'string') throw new Error(walked);
  return walked;
};

const walkedCall = (params: object, meta: object, gap: string) => {
  const text = spaced({ jsonrpc: '2.0', id: 1, method: 'm', params: { ...params, _meta: meta } }, gap);
  return { text, walked: walkedMessage(text) };
};

describe('walkMessage', () => {
  it('finds the members of any object where JSON.parse finds them', () => {
    fc.assert(
      fc.property(object, space, (value, gap) => {
        const text = spaced(value, gap);
        const walked = walkMessage(text, DEPTH);
        expect(walked).toBeTypeOf('object');
        if (typeof walked !== 'string') expect(valuesOf(text, walked.root)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds params and _meta of any message', () => {
    fc.assert(
      fc.property(object, object, space, (params, meta, gap) => {
        const { text, walked } = walkedCall(params, meta, gap);
        expect(valuesOf(text, walked.params!)).toEqual({ ...JSON.parse(text).params });
        expect(valuesOf(text, walked.meta!)).toEqual(JSON.parse(text).params._meta);
      }),
    );
  });

  it('finds again what was let go of', () => {
    fc.assert(
      fc.property(object, object, space, (params, meta, gap) => {
        const { walked } = walkedCall(params, meta, gap);
        const found = { root: walked.root, params: walked.params, meta: walked.meta };
        walked.letGo();
        expect(walked.root).not.toBe(found.root);
        expect({ root: walked.root, params: walked.params, meta: walked.meta }).toEqual(found);
      }),
    );
  });

  it('tells the members of objects of many keys, of many objects, and of what they nest in', () => {
    const many = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, at) => [`key ${at}`, { at, params: {} }]),
    );
    const text = JSON.stringify({ ...many, params: { ...many, _meta: many, last: 1 }, id: 1 });
    const walked = walkedMessage(text);
    expect(valuesOf(text, walked.root)).toEqual(JSON.parse(text));
    expect(valuesOf(text, walked.params!)).toEqual({ ...many, _meta: many, last: 1 });
    expect(valuesOf(text, walked.meta!)).toEqual(many);
    expect(valuesOf(text, membersAt(text, 0))).toEqual(JSON.parse(text));
  });

  it.each([
    ['the envelope', '{"id":1,"id":2}'],
    ['params', '{"params":{"name":"a","name":"b"}}'],
    ['_meta', '{"params":{"_meta":{"a":1,"a":1}}}'],
    ['an argument deep inside', '{"params":{"arguments":{"x":[{"y":{"k":1,"k":2}}]}}}'],
    ['an escaped spelling of the same key', '{"id":1,"\\u0069d":2}'],
    ['an object of many keys', `{${Array.from({ length: 40 }, (_, at) => `"k${at}":0`).join(',')},"k7":1}`],
  ])('refuses a key that comes twice in %s', (_place, text) => {
    expect(walkMessage(text, DEPTH)).toBe('duplicate-key');
  });

  it('finds a key that comes twice at any depth, however it is written and whatever is around it', () => {
    const keys = fc.uniqueArray(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 24 });
    const spelled = (key: string): string =>
      `"${Array.from({ length: key.length }, (_, at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;
    fc.assert(
      fc.property(
        keys,
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        fc.nat(4),
        (names, which, where, isSpelled, depth) => {
          const twice = names[which % names.length]!;
          const members = names.map((name) => `${JSON.stringify(name)}:{"x":[{"y":1}]}`);
          const once = `${'{"a":'.repeat(depth)}{${members.join(',')}}${'}'.repeat(depth)}`;
          members.splice(
            where % (members.length + 1),
            0,
            `${isSpelled ? spelled(twice) : JSON.stringify(twice)}:0`,
          );
          const text = `${'{"a":'.repeat(depth)}{${members.join(',')}}${'}'.repeat(depth)}`;
          expect(walkMessage(once, DEPTH)).toBeTypeOf('object');
          expect(walkMessage(text, DEPTH)).toBe('duplicate-key');
          expect(walkMessage(once, DEPTH)).toBeTypeOf('object');
        },
      ),
    );
  });

  it('takes equal keys of different objects', () => {
    expect(walkMessage('{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}', DEPTH)).toBeTypeOf('object');
  });

  it('refuses what nests deeper than allowed and takes what does not', () => {
    const nested = (depth: number) => `{"params":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(walkMessage(nested(10), 10)).toBeTypeOf('object');
    expect(walkMessage(nested(11), 10)).toBe('too-deep');
    expect(walkMessage(`{"params":${'{"a":'.repeat(10)}1${'}'.repeat(10)}}`, 10)).toBe('too-deep');
  });

  it('is not fooled by brackets, quotes and backslashes in strings', () => {
    const value = { a: 'x"]}', b: '\\', c: '\\"', params: { k: '{"id":9}', _meta: { '"': '\\\\"' } } };
    const text = JSON.stringify(value);
    const walked = walkedMessage(text);
    expect(valuesOf(text, walked.root)).toEqual(value);
    expect(valuesOf(text, walked.meta!)).toEqual({ '"': '\\\\"' });
  });
});

describe('membersAt, elementsAt and skipValue', () => {
  it('cut any value into the same parts as JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), space, (value, gap) => {
        const text = spaced(value, gap);
        expect(skipValue(text, 0)).toBe(text.length);
        if (Array.isArray(value))
          expect(elementsAt(text, 0).map(([start, end]) => JSON.parse(text.slice(start, end)))).toEqual(
            JSON.parse(text),
          );
      }),
    );
  });

  it('leave numbers as they are written', () => {
    const text = '{"big":12345678901234567890,"float":1.0e+2,"last":-0}';
    const members = membersAt(text, 0);
    expect(memberText(text, members, 'big')).toBe('12345678901234567890');
    expect(memberText(text, members, 'float')).toBe('1.0e+2');
    expect(memberText(text, members, 'last')).toBe('-0');
    expect(memberText(text, members, 'absent')).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../compiler/source/read-json.ts';
import { sourceFile } from '../../compiler/source/source-file.ts';
import { parseStrictObject } from '../../runtime/identity/strict-json.ts';
import { parseJson } from '../../runtime/mcp/message.ts';
import { parseMessages } from '../../runtime/upstream/message.ts';
import { parseExactly } from '../../schema/escaped-keys.ts';

/** Has V8 know that after `before` a key follows that begins as `"\u0070ath"` is written. */
const teach = (before: string): void => {
  for (let times = 0; times < 3; times += 1) JSON.parse(`{"${before}":1,"\\\\u00":1}`);
};

describe('a key that is written with escapes', () => {
  const hidden = (before: string): string => `{"${before}":1,"\\u0070ath":"/etc/shadow"}`;

  it.each<readonly [string, (text: string) => unknown]>([
    ['on its own', parseExactly],
    ['in what a client sends', parseJson],
    ['in what an upstream answers', parseMessages],
    ['in a file', (text) => readJson(sourceFile('api.json', text), () => undefined)?.value],
    ['in a token', (text) => parseStrictObject(Buffer.from(text))],
  ])('is what it says, %s, whatever was read before', (where, parse) => {
    const before = `before ${where}`;
    teach(before);
    expect(Object.keys(parse(hidden(before)) as object)).toEqual([before, 'path']);
  });

  it('is what it says where the same text has the key that it is taken for', () => {
    const text = `{"taught":{"n":1,"\\\\u00":1},"arguments":${hidden('n')}}`;
    expect(parseExactly(text)).toEqual({
      taught: { n: 1, '\\u00': 1 },
      arguments: { n: 1, path: '/etc/shadow' },
    });
  });
});

const name = fc.oneof(
  fc.constantFrom('\\', '"', '\n', 'a', '\\u00', 'a"', 'a"b', '__proto__', '', '7', 'é', '\ud83d'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, -1.5e-7, '', '\\"', '{"a":1}', ' \u2028'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((members) => Object.fromEntries(members)),
  ),
})).value;

describe('parseExactly', () => {
  it('reads back what was written, however keys are written and values are laid out', () => {
    const write = (value: unknown, gap: string): string => {
      if (Array.isArray(value)) return `[${gap}${value.map((each) => write(each, gap)).join(`${gap},`)}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value) + gap;
      const members = Object.entries(value).map(([key, each]) => {
        const escaped = Array.from(
          { length: key.length },
          (_, at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`,
        ).join('');
        const written = key.length % 2 === 0 ? JSON.stringify(key) : `"${escaped}"`;
        return `${written}${gap}:${gap}${write(each, gap)}`;
      });
      return `{${gap}${members.join(`,${gap}`)}}${gap}`;
    };
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\n\t'), (value, gap) => {
        expect(JSON.stringify(parseExactly(write(value, gap)))).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  it('nests as deep as JSON.parse does, has members that no other object has, and refuses what is no JSON', () => {
    const depth = 100_000;
    let value = parseExactly(`${'{"\\u0061":['.repeat(depth)}${']}'.repeat(depth)}`);
    for (let at = 0; at < depth; at += 1) [value] = (value as { readonly a: unknown[] }).a;
    expect(value).toBeUndefined();
    const odd = parseExactly('{"\\u005f_proto__":{"isAdmin":true}}') as object;
    expect([Object.keys(odd), 'isAdmin' in odd]).toEqual([['__proto__'], false]);
    for (const text of ['', '{"\\u0061":1', '{"\\u0061":1}}', '{"\\x61":1}'])
      expect(() => parseExactly(text)).toThrow(SyntaxError);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ResponseEdits,
  ResponseRewriter,
} from '../../../../runtime/upstream/large/response-rewriter.ts';

const asIs: ResponseEdits = {
  idText: '7',
  added: '',
  addedLast: () => '',
  edit: () => undefined,
  member: (key) => (key === 'isError' ? 'read' : 'pass'),
  read: () => 'pass',
};

interface Rewritten {
  readonly text: string | undefined;
  readonly fault: string;
}

/** Pushes `chunks` one by one. */
const rewrite = (chunks: readonly Buffer[], edits: ResponseEdits = asIs): Rewritten => {
  const rewriter = new ResponseRewriter(7, edits);
  const out = chunks.flatMap((chunk) => rewriter.push(chunk));
  const whole = rewriter.end();
  return { text: whole ? Buffer.concat(out).toString('utf8') : undefined, fault: rewriter.fault };
};

const splitAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
};

const bytewise = (text: string): Buffer[] => [...Buffer.from(text)].map((byte) => Buffer.from([byte]));

const whole = (text: string, edits?: ResponseEdits): Rewritten => {
  const at = rewrite([Buffer.from(text)], edits);
  expect(rewrite(bytewise(text), edits), 'byte by byte').toEqual(at);
  return at;
};

describe('a response', () => {
  test.each([
    ['in the usual order', '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}'],
    [
      'with the id last',
      '{"result":{"content":[{"type":"text","text":"é\\ud800\\u0000"}]},"jsonrpc":"2.0","id":7}',
    ],
    [
      'with white space everywhere',
      ' { "id"\t: 7 ,\r\n "result" : { "a" : [ 1 , { } ] , "b" : { } } , "x" : null } \n',
    ],
    [
      'with numbers that no double holds',
      '{"id":7,"result":{"n":123456789012345678901234567890,"f":1.0e+400,"m":-0.10}}',
    ],
    ['with an empty result', '{"id":7,"result":{ }}'],
    ['with keys written with escapes', '{"\\u0069d":7,"result":{"\\"":1,"":2}}'],
  ])('%s is passed on as it came', (_name, text) => {
    expect(whole(text)).toEqual({ text, fault: '' });
  });

  test('gets the id that the client knows, whatever it is written like', () => {
    const edits = { ...asIs, idText: '"an id \\u00e9"' };
    expect(whole('{"id" : 7e0 ,"result":{"id":7}}', edits).text).toBe(
      '{"id" : "an id \\u00e9" ,"result":{"id":7}}',
    );
  });

  test('gets members put first in its result', () => {
    const edits = { ...asIs, added: '"resultType":"complete"' };
    expect(whole('{"id":7,"result":{ "a":1}}', edits).text).toBe(
      '{"id":7,"result":{"resultType":"complete", "a":1}}',
    );
    expect(whole('{"id":7,"result":{}}', edits).text).toBe('{"id":7,"result":{"resultType":"complete"}}');
  });

  test('gets members put last in its result, once all others are known', () => {
    const keys: string[] = [];
    const member = (key: string) => {
      keys.push(key);
      return 'pass' as const;
    };
    const edits = { ...asIs, member, addedLast: () => (keys.includes('z') ? '' : '"z":0') };
    expect(whole('{"id":7,"result":{"a":{"z":1} }}', edits).text).toBe(
      '{"id":7,"result":{"a":{"z":1} ,"z":0}}',
    );
    expect(whole('{"id":7,"result":{}}', edits).text).toBe('{"id":7,"result":{"z":0}}');
    expect(whole('{"id":7,"result":{"z":1}}', edits).text).toBe('{"id":7,"result":{"z":1}}');
  });

  test.each([
    ['{"x":{"a":[1]},"a":1,"b":2}', '{"a":1,"b":2}'],
    ['{"a":1,"x":"}","b":2}', '{"a":1,"b":2}'],
    ['{"a":1,"b":2, "x":1}', '{"a":1,"b":2}'],
    ['{"x":1}', '{}'],
    ['{"x":1,"x":2,"a":{"x":3}}', '{"a":{"x":3}}'],
  ])('loses the members of its result that are dropped: %s', (before, after) => {
    const edits: ResponseEdits = { ...asIs, member: (key) => (key === 'x' ? 'drop' : 'pass') };
    expect(whole(`{"id":7,"result":${before}}`, edits).text).toBe(`{"id":7,"result":${after}}`);
    const both = whole(`{"id":7,"result":${before}}`, { ...edits, added: '"first":0' }).text!;
    expect(JSON.parse(both).result).toEqual({ first: 0, ...JSON.parse(after) });
  });

  test('gets another text for a member that is edited, or loses it', () => {
    const member = (key: string) => (key === 'x' ? ('edit' as const) : ('pass' as const));
    const texts: string[] = [];
    const edit = (_key: string, text: string) => {
      texts.push(text);
      return text.includes('drop') ? undefined : '"edited"';
    };
    const edits: ResponseEdits = { ...asIs, member, edit };
    const before = '{"id":7,"result":{"x":{"a":[1, "}"]},"b":{"x":1}, "x" : 12 }}';
    expect(whole(before, edits).text).toBe('{"id":7,"result":{"x":"edited","b":{"x":1}, "x" : "edited" }}');
    expect(texts).toContain('{"a":[1, "}"]}');
    expect(texts).toContain('12');
    expect(whole('{"id":7,"result":{"x":"drop","b":1}}', edits).text).toBe('{"id":7,"result":{"b":1}}');
    const long = `{"id":7,"result":{"a":1,"x":"${'y'.repeat(70_000)}","b":2}}`;
    expect(whole(long, edits).text === long).toBe(true);
  });

  describe('with an object that is entered', () => {
    const edits: ResponseEdits = {
      ...asIs,
      member: (key) => (key === 'm' ? 'enter' : 'pass'),
      inner: { drops: (key) => key === 'x', last: '"x":"right"' },
    };

    test.each([
      ['{"m":{},"b":2}', '{"m":{"x":"right"},"b":2}'],
      ['{"a":1,"m":{ "x":"forged" }}', '{"a":1,"m":{ "x":"right"}}'],
      ['{"m":{"x":{"x":1},"a":[{"x":1}], "x":2},"x":3}', '{"m":{"a":[{"x":1}],"x":"right"},"x":3}'],
      ['{"m":{"\\u0078":"forged","a":{"x":1}}}', '{"m":{"a":{"x":1},"x":"right"}}'],
      [
        '{"m":{"a":1},"m":{"x":2},"c":{"m":{"x":3}}}',
        '{"m":{"a":1,"x":"right"},"m":{"x":"right"},"c":{"m":{"x":3}}}',
      ],
    ])('changes its members, and no others: %s', (before, after) => {
      const text = `{"id":7,"result":${before},"jsonrpc":"2.0"}`;
      const expected = `{"id":7,"result":${after},"jsonrpc":"2.0"}`;
      const out = whole(text, edits).text!;
      expect(JSON.parse(out)).toEqual(JSON.parse(expected));
      expect(out.replaceAll(' ', '')).toBe(expected.replaceAll(' ', ''));
      for (let at = 1; at < text.length; at += 1)
        expect(rewrite(splitAt(Buffer.from(text), [at]), edits).text, `split at ${at}`).toBe(out);
    });

    test('changes them however long it is', () => {
      const [long, more] = [`"a":"${'y'.repeat(70_000)}"`, `"b":[${'1,'.repeat(40_000)}1]`];
      const before = `{"id":7,"result":{"m":{"x":"${'z'.repeat(70_000)}",${long},"x":1,${more}}}}`;
      expect(whole(before, edits).text === `{"id":7,"result":{"m":{${long},${more},"x":"right"}}}`).toBe(
        true,
      );
    });
  });

  test('loses the null that stands for an error', () => {
    expect(whole('{"error":null,"id":7,"result":{}}').text).toBe('{"id":7,"result":{}}');
    expect(whole('{"id":7,"result":{},"error": null}').text).toBe('{"id":7,"result":{}}');
  });

  test('tells the members that are read, and not those of other objects', () => {
    const seen: unknown[] = [];
    const read: ResponseEdits['read'] = (key, value) => {
      seen.push([key, value]);
      return 'pass';
    };
    const edits: ResponseEdits = { ...asIs, read };
    rewrite([Buffer.from('{"isError":1,"id":7,"result":{"a":{"isError":2},"isError":true}}')], edits);
    rewrite([Buffer.from('{"id":7,"result":{"isError":{"deep":"er"}}}')], edits);
    rewrite([Buffer.from(`{"id":7,"result":{"isError":"${'x'.repeat(100)}"}}`)], edits);
    expect(seen).toEqual([
      ['isError', true],
      ['isError', undefined],
      ['isError', undefined],
    ]);
  });
});

describe('what is no response', () => {
  test.each([
    ['that breaks off', '{"id":7,"result":{"a":[1,2'],
    ['that breaks off after its result', '{"id":7,"result":{}'],
    ['without an id', '{"result":{}}'],
    ['without a result', '{"id":7}'],
    ['to another request', '{"result":{},"id":8}'],
    ['whose id is an object', '{"result":{},"id":{"a":7}}'],
    ['whose id is no end of digits', `{"result":{},"id":7${'0'.repeat(100)}}`],
    ['with two ids', '{"id":7,"result":{},"id":7}'],
    ['with two ids, one of them written with escapes', '{"id":7,"result":{},"\\u0069d":7}'],
    ['with two results', '{"id":7,"result":{},"result":{}}'],
    ['with result and error', '{"id":7,"result":{},"error":{"code":1,"message":""}}'],
    ['with a method', '{"id":7,"result":{},"method":"x"}'],
    ['whose result is no object', '{"id":7,"result":[]}'],
    ['with something after its end', '{"id":7,"result":{}} 1'],
    ['with a line break in a string', '{"id":7,"result":{"a":"\n"}}'],
    ['with a comma too many', '{"id":7,"result":{"a":1,}}'],
    ['with a number that is none', '{"id":7,"result":{"a":01}}'],
    ['with brackets that do not match', '{"id":7,"result":{"a":[}]}'],
    ['nested too deeply', `{"id":7,"result":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
    ['with a key of no end', `{"id":7,"result":{"${'k'.repeat(70_000)}":1}}`],
    ['with white space of no end before a value', `{"id":7,"result":{"a":${' '.repeat(70_000)}1}}`],
    [
      'with members of no end',
      `{"id":7,${Array.from({ length: 70 }, (_, at) => `"k${at}":1`).join()},"result":{}}`,
    ],
  ])('%s is refused', (_name, text) => {
    const { text: out, fault } = whole(text);
    expect(out).toBeUndefined();
    expect(fault).not.toBe('');
  });

  test.each([
    ['a truncated sequence before a quote', [0xc3]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a byte too large', [0xff]],
    ['a lone continuation', [0x80]],
  ])('that is not UTF-8 is refused: %s', (_name, bad) => {
    const bytes = Buffer.concat([
      Buffer.from('{"id":7,"result":{"a":"'),
      Buffer.from(bad),
      Buffer.from('"}}'),
    ]);
    expect(rewrite([bytes]).text).toBeUndefined();
    expect(rewrite([...bytes].map((byte) => Buffer.from([byte]))).text).toBeUndefined();
  });

  test('is told apart from a result before anything is given out, and a fault after', () => {
    const edits: ResponseEdits = { ...asIs, member: (key) => (key === 'inputRequests' ? 'whole' : 'pass') };
    const early = new ResponseRewriter(7, edits);
    early.push(Buffer.from('{"id":7,"result":{"inputRequests":{}}}'));
    expect(early.state).toBe('other');
    const late = new ResponseRewriter(7, edits);
    late.push(Buffer.from('{"id":7,"result":{"a":1'));
    late.commit();
    late.push(Buffer.from(',"inputRequests":{}}}'));
    expect(late.state).toBe('fault');
    const none = new ResponseRewriter(7, edits);
    none.push(Buffer.from('{"jsonrpc":"2.0","method":"notifications/message","params":{'));
    expect(none.state).toBe('other');
  });
});

const envelope = fc
  .tuple(
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.shuffledSubarray(['id', 'result', 'jsonrpc'], { minLength: 3 }),
  )
  .map(([result, order]) =>
    JSON.stringify(
      Object.fromEntries(order.map((key) => [key, { id: 7, result, jsonrpc: '2.0' }[key as 'id']])),
      null,
      order[0] === 'id' ? 1 : undefined,
    ),
  );

describe('however its bytes are split', () => {
  test('any response comes out as it went in', () => {
    fc.assert(
      fc.property(envelope, fc.array(fc.nat()), (text, places) => {
        expect(rewrite(splitAt(Buffer.from(text), places)).text).toBe(text);
      }),
    );
  });

  test('a response with one character changed is taken if and only if it is JSON for the same request', () => {
    fc.assert(
      fc.property(
        envelope,
        fc.nat(),
        fc.constantFrom(...'{}[],:"\\0-.eE1 tu\n'),
        fc.array(fc.nat()),
        (text, at, put, places) => {
          const place = at % text.length;
          const changed = text.slice(0, place) + put + text.slice(place + 1);
          const { text: out } = rewrite(splitAt(Buffer.from(changed), places));
          let parsed: Record<string, unknown> | undefined;
          try {
            parsed = JSON.parse(changed);
          } catch {
            expect(out).toBeUndefined();
            return;
          }
          if (out !== undefined) expect(JSON.parse(out)).toEqual(parsed);
          else expect([parsed?.id === 7, typeof parsed?.result === 'object']).toContain(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('bytes of any kind are taken only where JSON.parse takes them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(fc.nat()), (bytes, places) => {
        const head = Buffer.from('{"id":7,"result":{"a":');
        const all = Buffer.concat([head, bytes, Buffer.from('}}')]);
        const { text } = rewrite(splitAt(all, places));
        if (text !== undefined) expect(() => JSON.parse(all.toString('utf8'))).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});

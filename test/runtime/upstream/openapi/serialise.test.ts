import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formBody,
  InvalidArgument,
  inCookie,
  inHeader,
  inPath,
  inQuery,
} from '../../../../runtime/upstream/openapi/serialise.ts';
import type { OpenApiParameterNode, ParameterStyle } from '../../../../schema/graph/upstream.ts';

const parameter = (
  style: ParameterStyle,
  explode: boolean,
  place: OpenApiParameterNode['in'] = 'path',
): OpenApiParameterNode => ({
  argument: 'color',
  name: 'color',
  in: place,
  style,
  explode,
});

const LIST = ['blue', 'black', 'brown'];
const OBJECT = { R: 100, G: 200, B: 150 };
const free = () => false;

/** The table of OpenAPI 3.1, Style Examples. */
const EXAMPLES: readonly (readonly [ParameterStyle, boolean, string, string, string])[] = [
  ['matrix', false, ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
  ['matrix', true, ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
  ['label', false, '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
  ['label', true, '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
  ['simple', false, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
  ['simple', true, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
];

const QUERIES: readonly (readonly [ParameterStyle, boolean, string, string, string])[] = [
  ['form', false, 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
  ['form', true, 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
  ['spaceDelimited', false, 'color=blue', 'color=blue%20black%20brown', 'color=R,100,G,200,B,150'],
  ['pipeDelimited', false, 'color=blue', 'color=blue%7Cblack%7Cbrown', 'color=R,100,G,200,B,150'],
  [
    'deepObject',
    true,
    'color=blue',
    'color=blue&color=black&color=brown',
    'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150',
  ],
];

describe('styles', () => {
  it.each(EXAMPLES)('in paths: %s, explode %s', (style, explode, scalar, list, object) => {
    const each = parameter(style, explode);
    expect([inPath(each, 'blue'), inPath(each, LIST), inPath(each, OBJECT)]).toEqual([scalar, list, object]);
  });

  it.each(QUERIES)('in queries: %s, explode %s', (style, explode, scalar, list, object) => {
    const each = parameter(style, explode, 'query');
    const written = ['blue', LIST, OBJECT].map((value) => inQuery(each, value, free).join('&'));
    expect(written).toEqual([scalar, list, object]);
  });

  it('of parameters with a media type are JSON', () => {
    expect(inQuery(parameter('json', false, 'query'), OBJECT, free)).toEqual([
      `color=${encodeURIComponent('{"R":100,"G":200,"B":150}')}`,
    ]);
    expect(inHeader(parameter('json', false, 'header'), OBJECT)).toBe('{"R":100,"G":200,"B":150}');
  });

  it('nest objects as deep as they are', () => {
    const value = { a: { b: [1, 2], c: null }, d: true };
    expect(inQuery(parameter('deepObject', true, 'query'), value, free)).toEqual([
      'color%5Ba%5D%5Bb%5D=1',
      'color%5Ba%5D%5Bb%5D=2',
      'color%5Bd%5D=true',
    ]);
  });

  it('leave lists out that are empty, and items that are null', () => {
    expect(inQuery(parameter('form', true, 'query'), [], free)).toEqual([]);
    expect(inQuery(parameter('form', false, 'query'), ['a', null, 'b'], free)).toEqual(['color=a,b']);
  });

  it('write headers and cookies', () => {
    expect(inHeader(parameter('simple', false, 'header'), LIST)).toBe('blue,black,brown');
    expect(inHeader(parameter('simple', true, 'header'), OBJECT)).toBe('R=100,G=200,B=150');
    expect(inCookie(parameter('form', true, 'cookie'), 'a; path=/')).toBe('color=a%3B%20path%3D%2F');
  });

  it('write forms', () => {
    expect(formBody({ a: 'b c&d', list: [1, 2], nested: { e: 1 }, none: null })).toBe(
      'a=b+c%26d&list=1&list=2&nested=%7B%22e%22%3A1%7D',
    );
    expect(() => formBody(['a'])).toThrow(InvalidArgument);
  });
});

describe('no value', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('..', '../x', '%2e%2e', '..;', '\\..\\', 'a\r\nb', '?a=b', '#x', '//host', '@host'),
    fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
    fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 3 }),
  );
  const pathStyles = fc.constantFrom<ParameterStyle>('simple', 'label', 'matrix', 'json');

  it.each([
    ['label', true, ['', '']],
    ['label', true, ['']],
    ['label', false, '.'],
    ['label', false, './x'],
    ['simple', false, '..'],
  ] as const)('in the path is a step through it: %s, explode %s, %j', (style, explode, value) => {
    expect(() => inPath(parameter(style, explode), value)).toThrow(InvalidArgument);
  });

  it('in the path leads to another path, query, fragment or host', () => {
    fc.assert(
      fc.property(anything, pathStyles, fc.boolean(), (value, style, explode) => {
        let piece: string;
        try {
          piece = inPath(parameter(style, explode), value);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(InvalidArgument);
          return;
        }
        const url = new URL(`/v1/things/${piece}/end`, 'http://api.example');
        expect(url.pathname.split('/')).toHaveLength(5);
        expect(url.pathname.startsWith('/v1/things/') && url.pathname.endsWith('/end')).toBe(true);
        expect([url.origin, url.search, url.hash]).toEqual(['http://api.example', '', '']);
      }),
      { numRuns: 2000 },
    );
  });

  it('in the query adds a parameter of another name, unless it is an object that is spread', () => {
    fc.assert(
      fc.property(
        anything,
        fc.constantFrom<ParameterStyle>('form', 'spaceDelimited', 'pipeDelimited', 'json'),
        (value, style) => {
          let pairs: readonly string[];
          try {
            pairs = inQuery(parameter(style, false, 'query'), value, free);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(InvalidArgument);
            return;
          }
          const url = new URL(`http://api.example/?${pairs.join('&')}`);
          expect([...new Set(url.searchParams.keys())].every((key) => key === 'color')).toBe(true);
          expect(url.hash).toBe('');
        },
      ),
    );
  });

  it('that is spread takes the name of another parameter', () => {
    const spread = parameter('form', true, 'query');
    expect(() => inQuery(spread, { admin: 'yes' }, (name) => name === 'admin')).toThrow(
      '`admin` is a parameter',
    );
  });

  it('in a header ends it', () => {
    fc.assert(
      fc.property(anything, (value) => {
        try {
          expect(inHeader(parameter('simple', false, 'header'), value)).toMatch(/^[\t\x20-\x7e]*$/);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(InvalidArgument);
        }
      }),
    );
  });
});

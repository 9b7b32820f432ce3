import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeHeaderValue,
  encodeHeaderValue,
  paramHeaderMismatch,
  paramHeaders,
  paramHeadersOf,
} from '../../../runtime/mcp/param-header.ts';

const schema = (properties: object) => ({ type: 'object', properties });
const region = { type: 'string', 'x-mcp-header': 'Region' };

describe('encodeHeaderValue', () => {
  it('comes back from decodeHeaderValue for any text, and never holds a line break', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const text = encodeHeaderValue(value);
        expect(text).toMatch(/^[\x20-\x7e\t]*$/);
        expect(decodeHeaderValue(text)).toBe(value.toWellFormed());
      }),
    );
  });

  it.each(['a\r\nx-evil: 1', ' leading', 'trailing\t', '=?base64?YQ==?=', 'é'])('encodes %j', (value) => {
    expect(encodeHeaderValue(value)).toMatch(/^=\?base64\?.*\?=$/);
  });

  it.each(['plain', 'a b', '', '=?base64?SGVsbG8=', 'SGVsbG8='])('leaves %j as it is', (value) => {
    expect(encodeHeaderValue(value)).toBe(value);
  });
});

describe('decodeHeaderValue', () => {
  it.each(['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?=', '=?base64?/w==?='])('refuses %j', (text) => {
    expect(decodeHeaderValue(text)).toBeUndefined();
  });

  it.each(['=?BASE64?SGVsbG8=?=', '=?base64?SGVsbG8='])('takes %j literally', (text) => {
    expect(decodeHeaderValue(text)).toBe(text);
  });
});

describe('paramHeadersOf', () => {
  it('finds annotated properties, nested ones too', () => {
    const found = paramHeadersOf(
      schema({ region, deep: schema({ size: { type: 'integer', 'x-mcp-header': 'Size' } }) }),
    );
    expect(found).toEqual([
      { header: 'mcp-param-region', path: ['region'], type: 'string' },
      { header: 'mcp-param-size', path: ['deep', 'size'], type: 'integer' },
    ]);
  });

  it.each([
    ['an empty name', schema({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['a name that is no token', schema({ a: { type: 'string', 'x-mcp-header': 'a b' } })],
    ['a line break', schema({ a: { type: 'string', 'x-mcp-header': 'a\r\nb' } })],
    ['a number', schema({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['two names that differ in case', schema({ a: region, b: { ...region, 'x-mcp-header': 'REGION' } })],
    ['an annotation under items', schema({ a: { type: 'array', items: region } })],
    ['an annotation under oneOf', { ...schema({}), oneOf: [schema({ a: region })] }],
  ])('refuses a schema with %s', (_what, inputSchema) => {
    expect(paramHeadersOf(inputSchema)).toBeUndefined();
  });
});

describe('paramHeaderMismatch', () => {
  const declared = paramHeadersOf(schema({ region, count: { type: 'integer', 'x-mcp-header': 'Count' } }))!;

  it('accepts headers that mirror the arguments, encoded or plain', () => {
    const args = { region: 'Grüße', count: 42 };
    const flat = paramHeaders(declared, args);
    expect(paramHeaderMismatch(declared, args, { [flat[0]!]: flat[1], [flat[2]!]: '42.0' })).toBeUndefined();
  });

  it.each([
    ['a missing header', { region: 'eu' }, {}],
    ['another value', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['a header without its argument', {}, { 'mcp-param-region': 'eu' }],
    ['a header of a null argument', { region: null }, { 'mcp-param-region': 'null' }],
    ['another number', { count: 42 }, { 'mcp-param-count': '43' }],
    ['a header sent twice', { region: 'eu' }, { 'mcp-param-region': ['eu', 'eu'] }],
  ])('tells of %s', (_what, args, headers) => {
    expect(paramHeaderMismatch(declared, args, headers)).toBeTypeOf('string');
  });

  it.each([
    ['an object', {}],
    ['an object whose text would be made by the caller', { toString: 1, valueOf: 1 }],
    ['an array of the text', ['eu']],
  ])('tells of %s where the schema has a text, and mirrors none', (_what, value) => {
    const hostile = JSON.parse(JSON.stringify({ region: value }));
    expect(paramHeaderMismatch(declared, hostile, { 'mcp-param-region': 'eu' })).toMatch(/does not match/);
    expect(paramHeaders(declared, hostile)).toEqual([]);
  });

  it('does not read arguments from the prototype', () => {
    const inherited = paramHeadersOf(schema({ toString: { type: 'string', 'x-mcp-header': 'T' } }))!;
    expect(paramHeaders(inherited, {})).toEqual([]);
  });
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  isWrapped,
  plainProperties,
  wrapSchema,
} from '../../../../../runtime/mcp/bridge/older/output-schema.ts';

const wrapped = (schema: unknown) => JSON.parse(wrapSchema(JSON.stringify(schema)));

const accepts = (schema: object, value: unknown): boolean =>
  new Ajv2020({ strict: false }).compile(schema)(value) as boolean;

describe('a schema that is no object', () => {
  it.each([
    [{ type: 'object' }, false],
    [undefined, false],
    [{ type: 'array' }, true],
    [{ anyOf: [{ type: 'object' }] }, true],
    [true, true],
    [{ type: ['object', 'null'] }, true],
  ])('is told apart: %j', (schema, is) => {
    expect(isWrapped(schema)).toBe(is);
  });

  it('becomes that of the one member of an object', () => {
    expect(wrapSchema('{"type":"integer","maximum":9007199254740993}')).toBe(
      '{"type":"object","properties":{"result":{"type":"integer","maximum":9007199254740993}},"required":["result"]}',
    );
    expect(wrapped(true).properties.result).toEqual({});
    expect(wrapped(false).properties.result).toEqual({ not: {} });
  });

  it('accepts wrapped what it accepted, and nothing else, where it refers to itself', () => {
    const tree = {
      $defs: { leaf: { type: 'integer' } },
      anyOf: [{ $ref: '#/$defs/leaf' }, { type: 'array', items: { $ref: '#' } }],
    };
    const schema = wrapped(tree);
    for (const value of [1, [], [1, [2, [3]]]]) expect(accepts(schema, { result: value })).toBe(true);
    for (const value of ['a', [1, ['a']], { result: 1 }])
      expect(accepts(schema, { result: value })).toBe(false);
    expect(accepts(schema, {})).toBe(false);
  });

  it('leaves alone what is no reference: data, names of members, other documents', () => {
    const schema = {
      type: 'array',
      items: {
        const: { $ref: '#/a' },
        properties: { $ref: { $ref: '#/b' }, const: { $ref: '#/c' } },
        allOf: [{ $id: 'https://x.example/', $ref: '#/d' }, { $ref: 'https://x.example/#/e' }],
      },
      default: { $ref: '#/f' },
    };
    const { items, default: unchanged } = wrapped(schema).properties.result;
    expect(unchanged).toEqual({ $ref: '#/f' });
    expect(items.const).toEqual({ $ref: '#/a' });
    expect(items.properties.$ref).toEqual({ $ref: '#/properties/result/b' });
    expect(items.properties.const).toEqual({ $ref: '#/properties/result/c' });
    expect(items.allOf).toEqual(schema.items.allOf);
  });

  it('keeps its dialect where readers look for it', () => {
    const $schema = 'https://json-schema.org/draft/2019-09/schema';
    expect(wrapped({ $schema, type: 'array', items: { $recursiveRef: '#' } })).toMatchObject({
      $schema,
      properties: { result: { items: { $ref: '#/properties/result' } } },
    });
    expect(wrapped({ type: 'array', items: { $recursiveRef: '#' } }).properties.result.items).toEqual({
      $recursiveRef: '#',
    });
    const both = wrapped({ $schema, type: 'array', items: { $ref: '#/x', $recursiveRef: '#' } });
    expect(both.properties.result.items).toEqual({
      $ref: '#/properties/result/x',
      allOf: [{ $ref: '#/properties/result' }],
    });
  });
});

describe('the schemas of members', () => {
  it('are objects, because older revisions know no others', () => {
    expect(plainProperties('{"type":"object","properties":{"a":true,"b":false,"c":{}}}')).toBe(
      '{"type":"object","properties":{"a":{},"b":{"not":{}},"c":{}}}',
    );
    expect(plainProperties('{ "type":"object" }')).toBe('{ "type":"object" }');
  });
});

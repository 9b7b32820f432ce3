import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { typeOfSchema } from '../../../../compiler/check/cel/schema-type.ts';
import { type CelType, typeName } from '../../../../policies/cel/types.ts';

const fieldsOf = (type: CelType): Record<string, string> => {
  if (type.kind !== 'object') throw new Error(typeName(type));
  return Object.fromEntries(
    [...type.fields].map(([name, field]) => [name, `${typeName(field.type)}${field.isRequired ? '' : '?'}`]),
  );
};

describe('the type of a JSON Schema', () => {
  test.each<[object | boolean, string]>([
    [{ type: 'string' }, 'string'],
    [{ type: 'integer' }, 'int'],
    [{ type: 'number' }, 'number'],
    [{ type: 'boolean' }, 'bool'],
    [{ type: 'null' }, 'null'],
    [{ type: 'string', enum: ['a', 'b'] }, 'string'],
    [{ enum: ['a', 1] }, 'dyn'],
    [{ const: 5 }, 'int'],
    [{ const: 1.5 }, 'number'],
    [{ type: ['string', 'null'] }, 'wrapper(string)'],
    [{ type: ['string', 'integer'] }, 'dyn'],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'wrapper(int)'],
    [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, 'dyn'],
    [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, 'dyn'],
    [{ allOf: [{ type: 'string' }] }, 'string'],
    [{ allOf: [{ type: 'string' }, { minLength: 1 }] }, 'dyn'],
    [{ type: 'array', items: { type: 'string' } }, 'list(string)'],
    [{ type: 'array' }, 'list(dyn)'],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'integer' } }, 'list(dyn)'],
    [{ type: 'object' }, 'map(string, dyn)'],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, 'map(string, int)'],
    [{ $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }, 'string'],
    [{ $ref: '#/$defs/b', $defs: { a: { type: 'string' } } }, 'dyn'],
    [{ $ref: 'https://example.com/a' }, 'dyn'],
    [{ $ref: '#' }, 'dyn'],
    [true, 'dyn'],
    [{}, 'dyn'],
  ])('%j is %s', (schema, name) => {
    expect(typeName(typeOfSchema(schema))).toBe(name);
  });

  test('has the fields of an object, with those that it may lack', () => {
    const type = typeOfSchema({
      type: 'object',
      properties: { path: { type: 'string' }, limit: { type: 'integer' }, where: { properties: {} } },
      required: ['path'],
    });
    expect(fieldsOf(type)).toEqual({ path: 'string', limit: 'int?', where: 'map(string, dyn)?' });
  });

  test.each([
    [{ properties: {} }, false],
    [{ properties: {}, additionalProperties: false }, false],
    [{ properties: {}, additionalProperties: true }, true],
    [{ properties: {}, additionalProperties: { type: 'string' } }, true],
    [{ properties: {}, patternProperties: { '^x-': {} } }, true],
  ])('of %j may have other fields: %s', (schema, isOpen) => {
    expect(typeOfSchema(schema)).toMatchObject({ kind: 'object', isOpen });
  });

  test('is found for any JSON, however odd, in no time', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => void typeName(typeOfSchema(value))));
    const $defs = { a: { properties: { left: { $ref: '#/$defs/a' }, right: { $ref: '#/$defs/a' } } } };
    expect(typeOfSchema({ $ref: '#/$defs/a', $defs }).kind).toBe('object');
  });
});

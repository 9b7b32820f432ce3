import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDocument, nodeOf, onePath, toolsOf, withBody } from './document-under-test.ts';

const bodySchema = (schema: unknown, document: object = {}) =>
  toolsOf({ ...withBody(schema), ...document }).things.inputSchema;

const components = (schemas: object) => ({ components: { schemas } });

describe('schemas of OpenAPI 3.0', () => {
  const in30 = (schema: unknown) => bodySchema(schema, { openapi: '3.0.3' }).properties.body;

  it('say null where they are nullable', () => {
    expect(in30({ type: 'string', nullable: true })).toEqual({ type: ['string', 'null'] });
    expect(in30({ type: 'string', nullable: true, enum: ['a'] })).toEqual({
      type: ['string', 'null'],
      enum: ['a', null],
    });
    expect(in30({ allOf: [{ type: 'object' }], nullable: true })).toEqual({
      anyOf: [{ allOf: [{ type: 'object' }] }, { type: 'null' }],
    });
    expect(in30({ type: 'string', nullable: false })).toEqual({ type: 'string' });
  });

  it('have exclusive bounds as numbers', () => {
    expect(
      in30({ type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false }),
    ).toEqual({ type: 'number', exclusiveMinimum: 1, maximum: 9 });
  });

  it('lose what stands beside a reference, but for its description', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/components/schemas/A', type: 'number', description: 'An A.' } },
    };
    const { properties } = bodySchema(schema, { openapi: '3.0.3', ...components({ A: { type: 'string' } }) });
    expect(properties.body.properties.a).toEqual({ type: 'string', description: 'An A.' });
  });
});

describe('schemas', () => {
  it("keep what JSON Schema has, and lose what is OpenAPI's or somebody's own", () => {
    const schema = {
      type: 'object',
      allOf: [{ required: ['a'] }],
      anyOf: [{ minProperties: 1 }],
      oneOf: [true],
      not: { required: ['z'] },
      properties: { a: { type: 'string', pattern: '^a', example: 'abc', 'x-mcp-header': 'Secret' } },
      patternProperties: { '^x': false },
      additionalProperties: { type: 'integer', format: 'int64' },
      discriminator: { propertyName: 'a' },
      xml: { name: 'thing' },
      externalDocs: { url: 'https://example.com' },
      'x-internal': true,
    };
    const { allOf, anyOf, oneOf, not, patternProperties, additionalProperties } = schema;
    expect(bodySchema(schema).properties.body).toEqual({
      type: 'object',
      allOf,
      anyOf,
      oneOf,
      not,
      patternProperties,
      additionalProperties,
      properties: { a: { type: 'string', pattern: '^a', examples: ['abc'] } },
    });
  });

  it('have what only answers show left out of requests, and the other way round', () => {
    const schema = {
      type: 'object',
      required: ['id', 'password', 'name'],
      properties: {
        id: { type: 'string', readOnly: true },
        password: { type: 'string', writeOnly: true },
        name: { type: 'string' },
      },
    };
    const { inputSchema, outputSchema } = toolsOf(
      onePath(
        {
          requestBody: { content: { 'application/json': { schema } } },
          responses: { 201: { content: { 'application/json': { schema } } } },
        },
        '/things',
        'post',
      ),
    ).things;
    expect(inputSchema.properties.body.required).toEqual(['password', 'name']);
    expect(Object.keys(inputSchema.properties.body.properties)).toEqual(['password', 'name']);
    expect(outputSchema.required).toEqual(['id', 'name']);
    expect(Object.keys(outputSchema.properties)).toEqual(['id', 'name']);
  });

  it('stand where they are used if that is one place, else in $defs', () => {
    const document = components({ Once: { type: 'string' }, Twice: { type: 'number' } });
    const twice = { $ref: '#/components/schemas/Twice' };
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/components/schemas/Once' }, b: twice, c: twice },
    };
    const input = bodySchema(schema, document);
    expect(input.properties.body.properties).toEqual({
      a: { type: 'string' },
      b: { $ref: '#/$defs/Twice' },
      c: { $ref: '#/$defs/Twice' },
    });
    expect(input.$defs).toEqual({ Twice: { type: 'number' } });
  });

  it('may have properties called after keywords', () => {
    const schema = {
      type: 'object',
      properties: {
        $ref: { type: 'string' },
        properties: { type: 'number' },
        required: { type: 'boolean' },
        $reference: { type: 'string', default: '${env:HOME}' },
      },
    };
    expect(bodySchema(schema).properties.body).toEqual(schema);
  });

  it.each([
    ['itself', { A: { type: 'object', properties: { child: { $ref: '#/components/schemas/A' } } } }],
    [
      'each other',
      {
        A: { type: 'object', properties: { b: { $ref: '#/components/schemas/B' } } },
        B: { type: 'object', properties: { a: { $ref: '#/components/schemas/A' } } },
      },
    ],
    ['themselves and nothing else', { A: { $ref: '#/components/schemas/A' } }],
    [
      'each other and nothing else',
      { A: { $ref: '#/components/schemas/B' }, B: { allOf: [{ $ref: '#/components/schemas/A' }] } },
    ],
  ])('that refer to %s stay finite, and valid', (_what, schemas) => {
    const input = bodySchema({ $ref: '#/components/schemas/A' }, components(schemas));
    expect(new Ajv2020({ strict: false }).validateSchema(input)).toBe(true);
    for (const ref of JSON.stringify(input).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g))
      expect(Object.keys(input.$defs)).toContain(ref[1]);
  });

  it('do not grow beyond the document by being shared on many levels', () => {
    const level = (at: number) => ({
      type: 'object',
      properties: Object.fromEntries(
        ['a', 'b', 'c'].map((name) => [name, { $ref: `#/components/schemas/L${at + 1}` }]),
      ),
    });
    const schemas = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`L${at}`, level(at)]));
    const input = bodySchema(
      { $ref: '#/components/schemas/L0' },
      components({ ...schemas, L60: { type: 'string' } }),
    );
    expect(JSON.stringify(input).length).toBeLessThan(2 * JSON.stringify(schemas).length);
    expect(Object.keys(input.$defs)).toContain('L50');
  });

  it('say nothing of what lies too deep or would make a tool too large, and are valid all the same', () => {
    const chain = (count: number, more: object = {}) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `S${at}`,
          { type: 'object', ...more, properties: { next: { $ref: `#/components/schemas/S${at + 1}` } } },
        ]),
      );
    for (const [count, more] of [
      [20_000, {}],
      [60, { description: 'x'.repeat(2000) }],
    ] as const) {
      const document = components({ ...chain(count, more), [`S${count}`]: { type: 'string' } });
      const answer = {
        200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } },
      };
      const body = { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } };
      const { inputSchema, outputSchema } = toolsOf({
        ...onePath({ requestBody: body, responses: answer }, '/things', 'post'),
        ...document,
      }).things;
      expect(new Ajv2020({ strict: false }).compile(inputSchema)({ body: { next: { next: {} } } })).toBe(
        true,
      );
      expect(JSON.stringify(inputSchema).length).toBeLessThan(40_000);
      expect(outputSchema).toBeUndefined();
    }
  });

  it('are valid JSON Schema whatever stands in the document', () => {
    const ajv = new Ajv2020({ strict: false });
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      'required',
      'enum',
      'allOf',
      'minimum',
      'exclusiveMinimum',
      'pattern',
      'nullable',
      'additionalProperties',
      'title',
      'maxLength',
      '$ref',
      '$id',
      'format',
      'example',
      'readOnly',
    );
    const value = fc.letrec((tie) => ({
      schema: fc.dictionary(keyword, tie('any'), { maxKeys: 4 }),
      any: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constantFrom('string', 'object', '[', '(?<x', '#/components/schemas/A', '#/nowhere', 'other.json'),
        tie('schema'),
        fc.array(tie('schema'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', '__proto__', 'constructor'), tie('schema'), { maxKeys: 2 }),
      ),
    })).schema;
    fc.assert(
      fc.property(value, value, fc.constantFrom('3.0.3', '3.1.0'), (body, shared, openapi) => {
        const { compiled } = compileDocument({ ...withBody(body), ...components({ A: shared }), openapi });
        if (compiled === undefined) return;
        const { inputSchema } = JSON.parse(
          nodeOf({ compiled, diagnostics: [], sources: [], placeOf: () => undefined, places: () => ({}) })
            .operations[0]!.tool,
        );
        expect(ajv.validateSchema(inputSchema), JSON.stringify([inputSchema, ajv.errors])).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a document', () => {
  it('is read as YAML too, with keys that are numbers and values shared by anchors', () => {
    const text = `
openapi: 3.0.3
info: { title: Test, version: 1 }
servers: [{ url: https://api.example.com }]
paths:
  /things:
    get:
      operationId: things
      parameters:
        - &limit { name: limit, in: query, schema: { type: integer } }
      responses:
        200: { description: on, content: { application/json: { schema: { type: object } } } }
  /others: { get: { operationId: others, parameters: [*limit], responses: { 200: { description: yes } } } }
`;
    const tools = toolsOf(text);
    expect(tools.things.outputSchema).toEqual({ type: 'object' });
    expect(tools.others.inputSchema.properties).toEqual({ limit: { type: 'integer' } });
  });

  it.each([
    ['too deep', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    [
      'an alias bomb',
      `a: &a [x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [*${at === 0 ? 'a' : `b${at - 1}`}, *${at === 0 ? 'a' : `b${at - 1}`}]`).join('\n')}`,
    ],
    ['a circle of aliases', 'openapi: 3.1.0\npaths: &p { a: *p }'],
    ['not text', Buffer.from([0xff, 0xfe, 0x00]).toString('latin1')],
    ['nothing', ''],
    ['a list', '- openapi: 3.1.0'],
    ['two documents', 'openapi: 3.1.0\n---\nopenapi: 3.1.0'],
  ])('that is %s is refused with a finding', (_what, text) => {
    const { compiled, diagnostics } = compileDocument(text);
    expect(compiled).toBeUndefined();
    expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  });

  it('is part of the hash, down to its last word', () => {
    const hash = (description: string) => compileDocument(onePath({ description })).compiled!.hash;
    expect(hash('One.')).toBe(hash('One.'));
    expect(hash('One.')).not.toBe(hash('Another.'));
  });
});

describe('the examples', () => {
  it('have documents that give valid schemas', () => {
    const folder = new URL('../../../examples/openapi/', import.meta.url);
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.openapi.yaml'));
    const tools = toolsOf(readFileSync(new URL(file!, folder), 'utf8'), ', egress: { allow: [127.0.0.1] }');
    const ajv = new Ajv2020({ strict: false });
    for (const { inputSchema, outputSchema } of Object.values(tools))
      expect([inputSchema, outputSchema ?? {}].every((schema) => ajv.validateSchema(schema))).toBe(true);
  });
});

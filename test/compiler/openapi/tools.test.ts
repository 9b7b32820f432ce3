import { describe, expect, it } from 'vitest';
import { compileDocument, nodeOf, onePath, operationOf, toolsOf } from './document-under-test.ts';

const parameter = (name: string, place: string, more: object = {}) => ({
  name,
  in: place,
  required: place === 'path',
  schema: { type: 'string' },
  ...more,
});

describe('the tool of an operation', () => {
  it('is called after the operation, and says what the operation says', () => {
    const tools = toolsOf(
      onePath({
        operationId: 'things/list all',
        summary: 'Things',
        description: 'All of them.',
        deprecated: true,
      }),
    );
    expect(tools.things_list_all).toMatchObject({
      name: 'things_list_all',
      title: 'Things',
      description: 'Deprecated.\n\nThings\n\nAll of them.',
    });
  });

  it('promises what its method promises', () => {
    const annotations = (method: string) => toolsOf(onePath({}, '/things', method)).things.annotations;
    const promise = (readOnlyHint: boolean, destructiveHint: boolean, idempotentHint: boolean) => ({
      readOnlyHint,
      destructiveHint,
      idempotentHint,
      openWorldHint: true,
    });
    expect(annotations('get')).toEqual(promise(true, false, true));
    expect(annotations('head')).toEqual(promise(true, false, true));
    expect(annotations('put')).toEqual(promise(false, true, true));
    expect(annotations('delete')).toEqual(promise(false, true, true));
    expect(annotations('post')).toEqual(promise(false, true, false));
    expect(annotations('patch')).toEqual(promise(false, true, false));
  });

  it('takes parameters of path, query, headers and cookies, and the body', () => {
    const operation = {
      parameters: [
        parameter('session', 'cookie'),
        parameter('X-Trace', 'header', { required: true }),
        parameter('q', 'query', { description: 'What to look for.' }),
        parameter('id', 'path'),
      ],
      requestBody: {
        required: true,
        description: 'The thing.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    };
    const { inputSchema } = toolsOf(onePath(operation, '/things/{id}', 'post')).things;
    expect(inputSchema).toEqual({
      type: 'object',
      properties: {
        id: { type: 'string' },
        q: { type: 'string', description: 'What to look for.' },
        'X-Trace': { type: 'string' },
        session: { type: 'string' },
        body: { type: 'object', description: 'The thing.' },
      },
      required: ['id', 'X-Trace', 'body'],
      additionalProperties: false,
    });
  });

  it('tells arguments of one name apart', () => {
    const operation = {
      parameters: [parameter('id', 'path'), parameter('id', 'query'), parameter('body', 'query')],
      requestBody: { content: { 'application/json': { schema: {} } } },
    };
    const node = operationOf(onePath(operation, '/things/{id}', 'put'));
    expect(node.parameters.map(({ argument, in: place }) => [argument, place])).toEqual([
      ['id', 'path'],
      ['id_query', 'query'],
      ['body', 'query'],
    ]);
    expect(node.body?.argument).toBe('body_request');
  });

  it('takes the parameters of its path, unless it has its own', () => {
    const document = {
      paths: {
        '/things/{id}': {
          parameters: [parameter('id', 'path'), { $ref: '#/components/parameters/Limit' }],
          get: {
            operationId: 'things',
            parameters: [parameter('limit', 'query', { schema: { type: 'number' } })],
            responses: {},
          },
        },
      },
      components: { parameters: { Limit: parameter('limit', 'query', { schema: { type: 'integer' } }) } },
    };
    expect(toolsOf(document).things.inputSchema.properties).toEqual({
      id: { type: 'string' },
      limit: { type: 'number' },
    });
  });

  it('leaves to the gateway what the gateway sends', () => {
    const names = [
      'Authorization',
      'Accept',
      'Content-Type',
      'Host',
      'Transfer-Encoding',
      'Mcp-Session-Id',
      'X-Api-Key',
      'X-Env',
      'X-Request-Id',
      'bad name',
    ];
    const operation = {
      parameters: [
        ...names.map((name) => parameter(name, 'header')),
        parameter('X-Own', 'header'),
        parameter('X-Api-Key', 'query'),
      ],
    };
    const options =
      ', credentials: { type: api-key, in: header, name: x-api-key, key: "${env:KEY}" }, headers: { set: { x-env: prod }, forward: [x-request-id] }';
    expect(Object.keys(toolsOf(onePath(operation), options).things.inputSchema.properties)).toEqual([
      'X-Api-Key',
      'X-Own',
    ]);
    const inQuery = ', credentials: { type: api-key, in: query, name: key, key: "${env:KEY}" }';
    const tools = toolsOf(
      onePath({ parameters: [parameter('key', 'query'), parameter('q', 'query')] }),
      inQuery,
    );
    expect(Object.keys(tools.things.inputSchema.properties)).toEqual(['q']);
  });

  it('has an output schema where the only good answer is an object', () => {
    const answer = (schema: unknown) => ({ content: { 'application/json': { schema } } });
    const output = (responses: object, more: object = {}) =>
      toolsOf({ ...onePath({ responses }), ...more }).things.outputSchema;
    expect(output({ 200: answer({ type: 'object' }), default: answer({ type: 'object' }) })).toEqual({
      type: 'object',
    });
    expect(output({ '2XX': answer({ properties: { a: {} } }) })).toEqual({
      type: 'object',
      properties: { a: {} },
    });
    expect(output({ 200: answer({ type: 'array', items: {} }) })).toBeUndefined();
    expect(output({ 200: answer({ type: 'object' }), 204: {} })).toBeUndefined();
    expect(output({ 200: { content: { 'text/plain': {} } } })).toBeUndefined();
    expect(output({ default: answer({ type: 'object' }) })).toBeUndefined();
    const A = { type: 'object', properties: { a: { $ref: '#/components/schemas/A' } } };
    const root = output(
      { 200: answer({ $ref: '#/components/schemas/A' }) },
      { components: { schemas: { A } } },
    );
    expect(root.type).toBe('object');
    expect(root.$defs.A.properties.a).toEqual({ $ref: '#/$defs/A' });
  });

  it('knows how the body is written', () => {
    const body = (content: object) =>
      operationOf(onePath({ requestBody: { content } }, '/things', 'post')).body;
    const file = { type: 'string', format: 'binary' };
    expect(body({ 'text/plain': {}, 'application/json': {} })).toMatchObject({
      encoding: 'json',
      mediaType: 'application/json',
    });
    expect(body({ 'application/merge-patch+json': {} })).toMatchObject({
      encoding: 'json',
      mediaType: 'application/merge-patch+json',
    });
    expect(body({ 'application/x-www-form-urlencoded': {} })).toMatchObject({ encoding: 'form' });
    expect(
      body({
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: { file, files: { type: 'array', items: file }, note: { type: 'string' } },
          },
        },
      }),
    ).toMatchObject({ encoding: 'multipart', base64Properties: ['file', 'files'] });
    expect(body({ 'text/csv': { schema: { type: 'string' } } })).toMatchObject({ encoding: 'text' });
    expect(body({ 'image/*': {} })).toMatchObject({
      encoding: 'base64',
      mediaType: 'application/octet-stream',
    });
    expect(body({ 'evil/type\r\nx-header: y': {} })).toBeUndefined();
  });
});

describe('the base URL', () => {
  it('is that of the first server, with the defaults of its variables', () => {
    const servers = [
      {
        url: 'https://{region}.example.com/{version}',
        variables: { region: { default: 'eu' }, version: { default: 'v2' } },
      },
      { url: 'https://other.example.com' },
    ];
    expect(nodeOf(compileDocument({ ...onePath({}), servers })).endpoints).toEqual([
      'https://eu.example.com/v2',
    ]);
  });

  it.each([
    ['no server', []],
    ['a relative one', [{ url: 'v1' }]],
    ['one with a query', [{ url: 'https://api.example.com/?a=b' }]],
    ['one with a password', [{ url: 'https://me:secret@api.example.com' }]],
    ['one of another scheme', [{ url: 'file:///etc/passwd' }]],
    ['a variable without default', [{ url: 'https://{region}.example.com' }]],
  ])('must be given where the document has %s', (_what, servers) => {
    const { compiled, diagnostics } = compileDocument({ ...onePath({}), servers });
    expect(compiled).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW3077']);
    expect(
      nodeOf(compileDocument({ ...onePath({}), servers }, ', baseUrl: https://api.example.com/v1')).endpoints,
    ).toEqual(['https://api.example.com/v1']);
  });

  it('are several where the configuration names them, each of which is checked', () => {
    const document = { ...onePath({}), servers: [] };
    const compiled = (endpoints: string, more = '') =>
      compileDocument(document, `, endpoints: [${endpoints}]${more}`);
    const two = nodeOf(compiled('https://a.example.com/v1, https://b.example.com/v1'));
    expect(two.endpoints).toEqual(['https://a.example.com/v1', 'https://b.example.com/v1']);
    expect([two.balance, two.health]).toEqual(['failover', { everyMs: 10_000, unhealthyAfter: 3 }]);
    const one = nodeOf(compiled('https://a.example.com/v1', ', health: { path: /healthz }'));
    expect([one.balance, one.health]).toEqual([
      undefined,
      { everyMs: 10_000, unhealthyAfter: 3, path: '/healthz' },
    ]);
    const codes = (endpoints: string, more?: string) =>
      compiled(endpoints, more).diagnostics.map(({ code }) => code);
    expect(codes('https://a.example.com, "https://b.example.com/?a=b"')).toEqual(['GW3077']);
    expect(codes('https://a.example.com, "http://10.1.2.3"')).toEqual(['GW3080', 'GW4006']);
    expect(codes('https://a.example.com', ', balance: round-robin')).toEqual(['GW3185']);
    expect(codes('https://a.example.com', ', health: { path: "/healthz?x" }')).toEqual(['GW3010']);
  });

  it('must be given where an operation has servers of its own', () => {
    const document = onePath({ servers: [{ url: 'https://other.example.com' }] });
    expect(compileDocument(document).diagnostics.map(({ code }) => code)).toEqual(['GW3077']);
    expect(compileDocument(document, ', baseUrl: https://api.example.com').diagnostics).toEqual([]);
  });

  it.each([
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://[fd00:ec2::254]',
  ])('is never %s, whatever egress allows', (url) => {
    const options = `, baseUrl: "${url}", egress: { allow: [public, 0.0.0.0/0, "::/0"] }`;
    const codes = compileDocument(onePath({}), options).diagnostics.map(({ code }) => code);
    expect(codes).toContain('GW3080');
  });

  it('is told of where it is clear text', () => {
    const servers = [{ url: 'http://api.example.com' }];
    expect(compileDocument({ ...onePath({}), servers }).diagnostics.map(({ code }) => code)).toEqual([
      'GW4006',
    ]);
  });
});

describe('a document of 500 operations', () => {
  const large = (count: number) => ({
    paths: Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `/things${at}/{id}`,
        {
          get: {
            operationId: `getThing${at}`,
            parameters: [parameter('id', 'path')],
            responses: {
              200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
            },
          },
        },
      ]),
    ),
    components: {
      schemas: {
        Thing: {
          type: 'object',
          properties: { id: { type: 'string' }, parent: { $ref: '#/components/schemas/Thing' } },
        },
      },
    },
  });

  it('takes bounded work for each, though each schema refers to all others', () => {
    const count = 500;
    const ref = (at: number) => ({ $ref: `#/components/schemas/S${at % count}` });
    const schemas = Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `S${at}`,
        { type: 'object', description: 'x'.repeat(100), properties: { a: ref(at + 1), b: ref(at * 7) } },
      ]),
    );
    const paths = Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `/things${at}`,
        {
          post: {
            operationId: `op${at}`,
            requestBody: { content: { 'application/json': { schema: ref(at) } } },
            responses: {},
          },
        },
      ]),
    );
    const { operations } = nodeOf(compileDocument({ paths, components: { schemas } }));
    expect(operations).toHaveLength(count);
    for (const { tool } of operations) expect(tool.length).toBeLessThan(40_000);
  });

  it('gives 500 tools, each as large as that of a document with one', () => {
    const { operations } = nodeOf(compileDocument(large(500)));
    expect(operations).toHaveLength(500);
    const [only] = nodeOf(compileDocument(large(1))).operations;
    for (const { tool } of operations) expect(tool.length).toBeLessThan(only!.tool.length + 10);
  });
});

import { describe, expect, it } from 'vitest';
import { type Asked, adaptAsk, whyNotAsked } from '../../../../../runtime/mcp/bridge/older/ask.ts';
import { ALL_FEATURES } from '../../../../support/all-features.ts';
import { messageFaults, type Revision } from '../../../../support/message-schema.ts';

const asked = (method: string, params: Readonly<Record<string, unknown>>): Asked => ({
  method,
  params,
  paramsText: JSON.stringify(params),
});

/** The parameters as a client of `revision` gets them; the whole request is held against its schema. */
const adapt = (revision: Revision, method: string, params: Readonly<Record<string, unknown>>) => {
  const adapted = adaptAsk(revision, asked(method, params));
  if (typeof adapted === 'string') return adapted;
  const told = JSON.parse(adapted.paramsText!);
  const message = { jsonrpc: '2.0', id: 'a', method, params: told };
  expect(messageFaults(revision, message, { from: 'server' })).toEqual([]);
  return { told, read: (result: object) => JSON.parse(adapted.readResult?.(JSON.stringify(result)) ?? '0') };
};

const form = (properties: object, required?: string[]) => ({
  mode: 'form',
  message: 'Well?',
  requestedSchema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties,
    ...(required && { required }),
  },
});

const schemaOf = (adapted: ReturnType<typeof adapt>) => {
  if (typeof adapted === 'string') throw new Error(adapted);
  return adapted.told.requestedSchema;
};

describe('a form for a client of 2025-06-18', () => {
  const older = (properties: object, required?: string[]) =>
    adapt('2025-06-18', 'elicitation/create', form(properties, required));

  it('has no mode, and defaults of flags only', () => {
    const adapted = older({
      name: { type: 'string', default: 'Ada', maxLength: 5 },
      age: { type: 'integer', default: 3 },
      sure: { type: 'boolean', default: true },
    });
    expect(adapted).toMatchObject({ told: { message: 'Well?' } });
    expect(typeof adapted !== 'string' && 'mode' in adapted.told).toBe(false);
    expect(schemaOf(adapted)).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 5 },
        age: { type: 'integer' },
        sure: { type: 'boolean', default: true },
      },
    });
  });

  it('has the titles of choices beside their values', () => {
    const oneOf = [
      { const: 'r', title: 'Red' },
      { const: 'g', title: 'Green' },
    ];
    expect(
      schemaOf(older({ colour: { type: 'string', title: 'Colour', oneOf, default: 'r' } })).properties,
    ).toEqual({
      colour: { type: 'string', title: 'Colour', enum: ['r', 'g'], enumNames: ['Red', 'Green'] },
    });
  });

  it('asks for several values by a flag for each, and reads the flags as values', () => {
    const colours = {
      type: 'array',
      title: 'Colours',
      minItems: 1,
      items: { type: 'string', enum: ['r', 'g'] },
      default: ['g'],
    };
    const sizes = { type: 'array', items: { anyOf: [{ const: 's', title: 'Small' }] } };
    const adapted = older({ colours, sizes, name: { type: 'string' } }, ['colours', 'name']);
    expect(schemaOf(adapted)).toMatchObject({
      properties: {
        'colours.r': {
          type: 'boolean',
          title: 'Colours: r',
          description: 'Choose at least 1.',
          default: false,
        },
        'colours.g': { type: 'boolean', title: 'Colours: g', default: true },
        'sizes.s': { type: 'boolean', title: 'sizes: Small' },
        name: { type: 'string' },
      },
      required: ['name'],
    });
    if (typeof adapted === 'string') throw new Error(adapted);
    expect(
      adapted.read({ action: 'accept', content: { 'colours.g': true, 'colours.r': false, name: 'a' } }),
    ).toEqual({
      action: 'accept',
      content: { colours: ['g'], name: 'a' },
    });
    expect(adapted.read({ action: 'accept', content: { name: 'a', 'sizes.s': false } }).content).toEqual({
      colours: [],
      sizes: [],
      name: 'a',
    });
    expect(adapted.read({ action: 'decline' })).toEqual({ action: 'decline' });
  });

  it('takes no name that the form has already', () => {
    const many = { type: 'array', items: { type: 'string', enum: ['r'] } };
    const { properties } = schemaOf(older({ many, 'many.r': { type: 'string' } }));
    expect(Object.keys(properties)).toEqual(['many.r_', 'many.r']);
  });

  it('is not asked for what has no place in it', () => {
    expect(older({ odd: { type: 'array', items: { type: 'number' } } })).toContain('no such form');
    expect(adapt('2025-06-18', 'elicitation/create', { message: 'no schema' })).toContain('no such form');
  });

  it('stays as it is for 2025-11-25', () => {
    const params = form({ name: { type: 'string', default: 'Ada' } });
    expect(adaptAsk('2025-11-25', asked('elicitation/create', params))).toEqual({
      paramsText: JSON.stringify(params),
      readResult: undefined,
    });
  });
});

describe('a URL to be opened', () => {
  const params = { mode: 'url', message: 'Go', url: 'https://x.example/' };

  it('gets an id, each its own, that 2025-11-25 wants', () => {
    const ids = [1, 2].map(() => {
      const adapted = adapt('2025-11-25', 'elicitation/create', params);
      return typeof adapted === 'string' ? adapted : adapted.told.elicitationId;
    });
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keeps the id of an upstream that gave one', () => {
    const adapted = adapt('2025-11-25', 'elicitation/create', { ...params, elicitationId: 'own' });
    expect(adapted).toMatchObject({ told: { elicitationId: 'own' } });
  });
});

describe('a request for a completion', () => {
  const text = (said: string) => ({ type: 'text', text: said });
  const sampling = (messages: object[], more = {}) => ({ messages, maxTokens: 5, ...more });

  it('has one block a message before 2025-11-25', () => {
    const params = sampling([
      { role: 'user', content: [text('a'), text('b')] },
      { role: 'assistant', content: text('c') },
      { role: 'user', content: [text('d')] },
    ]);
    const adapted = adapt('2025-06-18', 'sampling/createMessage', params);
    expect(adapted).toMatchObject({
      told: {
        messages: [
          { role: 'user', content: text('a') },
          { role: 'user', content: text('b') },
          { role: 'assistant', content: text('c') },
          { role: 'user', content: text('d') },
        ],
      },
    });
  });

  it.each([
    ['2025-06-18', sampling([], { tools: [] })],
    [
      '2025-06-18',
      sampling([{ role: 'user', content: [{ type: 'tool_result', toolUseId: 'a', content: [] }] }]),
    ],
    ['2024-11-05', sampling([{ role: 'user', content: { type: 'audio', data: '', mimeType: 'audio/wav' } }])],
  ] as const)('is not made of what %s does not know', (revision, params) => {
    expect(adapt(revision, 'sampling/createMessage', params)).toContain('no such message');
  });
});

describe('whether a client can be asked', () => {
  const why = (capabilities: object, method: string, params = {}, version = '2025-11-25') =>
    whyNotAsked(
      { version, capabilities: capabilities as Record<string, unknown> },
      { method, params },
      ALL_FEATURES,
    );
  const url = { mode: 'url' };

  it.each([
    [{ roots: {} }, 'roots/list', {}],
    [{ sampling: {} }, 'sampling/createMessage', {}],
    [{ sampling: { tools: {} } }, 'sampling/createMessage', { tools: [] }],
    [{ elicitation: {} }, 'elicitation/create', {}],
    [{ elicitation: { url: {} } }, 'elicitation/create', url],
  ])('it can by what it declared: %j, %s', (capabilities, method, params) => {
    expect(why(capabilities, method, params)).toBeUndefined();
  });

  it.each([
    [{}, 'roots/list', {}],
    [{ sampling: {} }, 'sampling/createMessage', { tools: [] }],
    [{ elicitation: {} }, 'elicitation/create', url],
    [{ elicitation: { url: {} } }, 'elicitation/create', {}],
    [{ elicitation: true }, 'elicitation/create', {}],
    [{ roots: {} }, 'ping', {}],
    [{ tools: {} }, 'tools/call', {}],
  ])('it cannot by what it declared: %j, %s', (capabilities, method, params) => {
    expect(why(capabilities, method, params)).toBeDefined();
  });

  it('it cannot where the feature is off, or its revision has no URLs', () => {
    expect(
      whyNotAsked(
        { version: '2025-11-25', capabilities: { roots: {} } },
        { method: 'roots/list', params: {} },
        { ...ALL_FEATURES, roots: false },
      ),
    ).toBeDefined();
    expect(why({ elicitation: { url: {} } }, 'elicitation/create', url, '2025-06-18')).toBeDefined();
  });
});

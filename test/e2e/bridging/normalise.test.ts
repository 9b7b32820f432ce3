import { expect, it } from 'vitest';
import { normalise } from './normalise.ts';

it('takes out what differs by nature, at any depth, and nothing beside it', () => {
  const result = {
    resultType: 'complete',
    content: [
      { type: 'text', text: 'ttlMs', _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'a' } } },
    ],
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'a' }, 'example.com/kept': 1 },
  };
  expect(normalise(result)).toEqual({
    content: [{ type: 'text', text: 'ttlMs' }],
    _meta: { 'example.com/kept': 1 },
  });
  expect(normalise({ structuredContent: { empty: {}, none: null } })).toEqual({
    structuredContent: { empty: {}, none: null },
  });
});

import { describe, expect, it } from 'vitest';
import { modernCapabilities } from '../../../../runtime/mcp/legacy/modern-capabilities.ts';
import { ALL_FEATURES } from '../../../support/all-features.ts';

const told = (version: string, capabilities: object, features = ALL_FEATURES) =>
  modernCapabilities({ version, capabilities: capabilities as Record<string, unknown> }, features);

describe('what a modern upstream is told of a legacy client', () => {
  it.each([
    ['2025-11-25', { elicitation: {} }, { elicitation: { form: {} } }],
    ['2025-11-25', { elicitation: { url: {}, form: {} } }, { elicitation: { form: {}, url: {} } }],
    ['2025-11-25', { elicitation: { url: {} } }, { elicitation: { url: {} } }],
    ['2025-06-18', { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ['2025-03-26', { elicitation: {} }, {}],
    ['2025-11-25', { sampling: { tools: {}, context: {} } }, { sampling: { context: {}, tools: {} } }],
    ['2025-06-18', { sampling: { tools: {} } }, { sampling: {} }],
    ['2024-11-05', { roots: { listChanged: true }, sampling: {} }, { sampling: {}, roots: {} }],
    ['2025-11-25', { tasks: {}, experimental: { x: {} }, roots: null }, {}],
    [
      '2025-11-25',
      {
        extensions: { 'io.modelcontextprotocol/tasks': {}, 'io.modelcontextprotocol/ui': { mimeTypes: [] } },
      },
      { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [] } } },
    ],
  ])('is what the gateway can make good: %s, %j', (version, declared, expected) => {
    expect(told(version, declared)).toEqual(expected);
  });

  it('is the same text however the client orders it', () => {
    const [one, other] = [
      { roots: {}, sampling: {}, elicitation: { url: {}, form: {} } },
      { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
    ].map((declared) => JSON.stringify(told('2025-11-25', declared)));
    expect(one).toBe(other);
  });

  it('stays under the ceiling of the server', () => {
    const all = { roots: {}, sampling: {}, elicitation: {} };
    expect(told('2025-11-25', all, { ...ALL_FEATURES, roots: false, elicitation: false })).toEqual({
      sampling: {},
    });
  });
});

import { describe, expect, it } from 'vitest';
import { canBeAsked, declaredCapabilities } from '../../../../runtime/mcp/input/declared-capabilities.ts';
import type { Features } from '../../../../schema/graph/server.ts';

const FEATURES = { elicitation: true, sampling: true, roots: true } as Features;

describe('declaredCapabilities', () => {
  it.each([
    [{}, {}],
    [undefined, {}],
    [{ elicitation: true, sampling: null, roots: [] }, {}],
    [{ elicitation: {} }, { elicitation: { form: {} } }],
    [{ elicitation: { url: {} } }, { elicitation: { url: {} } }],
    [{ elicitation: { url: { x: 1 }, form: {}, other: {} } }, { elicitation: { form: {}, url: {} } }],
    [{ sampling: { tools: {}, context: {} } }, { sampling: { context: {}, tools: {} } }],
    [{ roots: { listChanged: true }, extensions: { a: {} }, experimental: {} }, { roots: {} }],
  ])('keeps of %j what can be asked', (capabilities, declared) => {
    expect(JSON.stringify(declaredCapabilities(capabilities))).toBe(JSON.stringify(declared));
  });

  it('is the same text whatever the order', () => {
    const one = declaredCapabilities({ roots: {}, sampling: {}, elicitation: { url: {}, form: {} } });
    const other = declaredCapabilities({ elicitation: { form: {}, url: {} }, sampling: {}, roots: {} });
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });
});

describe('canBeAsked', () => {
  it.each([
    [{ elicitation: {} }, 'elicitation/create', {}, true],
    [{ elicitation: {} }, 'elicitation/create', { mode: 'url' }, false],
    [{ elicitation: { url: {} } }, 'elicitation/create', { mode: 'url' }, true],
    [{ elicitation: { url: {} } }, 'elicitation/create', {}, false],
    [{ elicitation: { url: {} } }, 'elicitation/create', { mode: 'form' }, false],
    [{ sampling: {} }, 'sampling/createMessage', {}, true],
    [{ sampling: {} }, 'sampling/createMessage', { tools: [] }, false],
    [{ sampling: {} }, 'sampling/createMessage', { toolChoice: {} }, false],
    [{ sampling: { tools: {} } }, 'sampling/createMessage', { tools: [] }, true],
    [{ roots: {} }, 'roots/list', {}, true],
    [{}, 'roots/list', {}, false],
    [{ elicitation: {}, sampling: {}, roots: {} }, 'tools/call', {}, false],
    [{ elicitation: {} }, '__proto__', {}, false],
  ])('%j may be asked for %s %j: %s', (capabilities, method, params, may) => {
    expect(canBeAsked(capabilities, FEATURES, method, params)).toBe(may);
  });

  it('is nothing that features leave out', () => {
    const features = { ...FEATURES, roots: false };
    expect(canBeAsked({ roots: {} }, features, 'roots/list', {})).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepareExpose } from '../../../policies/expose/selection.ts';
import type { ExposeNode } from '../../../schema/graph/server.ts';

const ALL = { allow: ['*'], rename: {} };

const expose = (fields: Partial<ExposeNode>) =>
  prepareExpose({
    upstream: 'github',
    prefix: '',
    tools: ALL,
    prompts: ALL,
    resources: ALL,
    extensions: {},
    ...fields,
  });

describe('tools and prompts', () => {
  const { tools, prompts } = expose({
    prefix: 'gh_',
    tools: { allow: ['search_*', 'get_*', 'create_issue'], rename: { get_me: 'whoami', drop_db: 'drop' } },
  });

  test.each([
    ['search_code', 'gh_search_code'],
    ['create_issue', 'gh_create_issue'],
    ['get_me', 'whoami'],
    ['delete_repo', undefined],
    ['drop_db', undefined],
  ])('%s is exposed as %s', (name, exposed) => {
    expect(tools.expose(name)).toBe(exposed);
  });

  test.each([
    ['gh_search_code', 'search_code'],
    ['whoami', 'get_me'],
    ['gh_get_me', undefined],
    ['gh_delete_repo', undefined],
    ['search_code', undefined],
    ['drop', undefined],
    ['gh_', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['gh___proto__', undefined],
  ])('%s stands for %s', (exposed, name) => {
    expect(tools.resolve(exposed)).toBe(name);
  });

  test('prompts have the prefix too', () => {
    expect(prompts.expose('review')).toBe('gh_review');
    expect(prompts.resolve('gh_review')).toBe('review');
  });
});

test('resources keep their URIs, and no glob reaches over dots', () => {
  const { resources } = expose({ prefix: 'gh_', resources: { allow: ['file:///data/**'], rename: {} } });
  expect(resources.expose('file:///data/x')).toBe('file:///data/x');
  expect(resources.resolve('file:///data/x')).toBe('file:///data/x');
  expect(resources.resolve('file:///data/../x')).toBeUndefined();
});

test('nothing is exposed of a kind without an allowed name', () => {
  const { tools } = expose({ tools: { allow: [], rename: { a: 'b' } } });
  expect(tools.expose('a')).toBeUndefined();
  expect(tools.resolve('b')).toBeUndefined();
});

test('a name given away by a rename belongs to the renamed item alone', () => {
  const { tools } = expose({ tools: { allow: ['*'], rename: { get_me: 'whoami' } } });
  expect(tools.resolve('whoami')).toBe('get_me');
  expect(tools.expose('whoami')).toBeUndefined();
});

test('exposed and upstream names correspond one to one, both ways', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 4 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '_', '*'), maxLength: 4 });
  const selections = fc.record({
    prefix: name,
    allow: fc.array(glob, { maxLength: 3 }),
    rename: fc.dictionary(name, name, { maxKeys: 3 }),
  });
  fc.assert(
    fc.property(selections, name, ({ prefix, allow, rename }, text) => {
      const { tools } = expose({ prefix, tools: { allow, rename } });
      const exposed = tools.expose(text);
      if (exposed !== undefined) expect(tools.resolve(exposed)).toBe(text);
      const upstream = tools.resolve(text);
      if (upstream !== undefined) expect(tools.expose(upstream)).toBe(text);
    }),
    { numRuns: 3000 },
  );
});

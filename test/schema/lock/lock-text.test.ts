import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lock } from '../../../schema/lock/lock.ts';
import { lockText } from '../../../schema/lock/lock-text.ts';

const lockOf = (definition: Record<string, unknown>): Lock => ({
  lockVersion: 1,
  upstreams: {
    files: {
      prompts: [],
      resourceTemplates: [],
      tools: [{ name: 'read', sha256: 'hash', definition: { ...definition, name: 'read' } }],
    },
  },
});

test('order of keys, items and upstreams makes no difference to the bytes', () => {
  const tool = (name: string) => ({ name, sha256: 'hash', definition: { name, title: name } });
  const swapped = (name: string) => ({ name, sha256: 'hash', definition: { title: name, name } });
  const none = { prompts: [], resourceTemplates: [] };
  const one: Lock = {
    lockVersion: 1,
    upstreams: { a: { ...none, tools: [tool('x'), tool('Y')] }, b: { ...none, tools: [] } },
  };
  const other: Lock = {
    lockVersion: 1,
    upstreams: { b: { tools: [], ...none }, a: { tools: [swapped('Y'), swapped('x')], ...none } },
  };
  expect(lockText(one)).toBe(lockText(other));
});

test('each field has a line of its own, and no character of it is hidden', () => {
  const text = lockText(lockOf({ description: 'a\u200bb\u202ec\u001b[8md\u{e0041}e\u00a0f\ud800g\u2028h' }));
  expect(text).toContain(
    '            "description": "a\\u200bb\\u202ec\\u001b[8md\\udb40\\udc41e\\u00a0f\\ud800g\\u2028h",\n',
  );
  expect(text.endsWith('}\n')).toBe(true);
});

test('what is written is read as it was, whatever it holds', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (definition) => {
      const lock = lockOf(JSON.parse(JSON.stringify(definition)));
      const read = JSON.parse(lockText(lock)) as Lock;
      expect(read).toEqual(lock);
      expect(lockText(read)).toBe(lockText(lock));
    }),
  );
});

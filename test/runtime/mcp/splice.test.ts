import { describe, expect, it } from 'vitest';
import { membersAt } from '../../../runtime/json-members.ts';
import {
  applyEdits,
  dropMember,
  dropMembers,
  replaceMember,
  rewriteObject,
} from '../../../runtime/mcp/splice.ts';

describe('applyEdits', () => {
  it('changes the places that are named, in any order, and nothing else', () => {
    const text = '{"id":1, "n":12345678901234567890,"name":"a"}';
    const members = membersAt(text, 0);
    const edits = [replaceMember(members, 'name', '"b"')!, replaceMember(members, 'id', '"x"')!];
    expect(applyEdits(text, edits)).toBe('{"id":"x", "n":12345678901234567890,"name":"b"}');
  });

  it('returns the text itself without edits', () => {
    expect(applyEdits('{ }', [])).toBe('{ }');
  });
});

describe('dropMember', () => {
  it.each([
    ['{"a":1, "b":[2] ,"c":3}', 0, '{"b":[2] ,"c":3}'],
    ['{"a":1, "b":[2] ,"c":3}', 1, '{"a":1 ,"c":3}'],
    ['{"a":1, "b":[2] ,"c":3 }', 2, '{"a":1, "b":[2] }'],
    ['{ "a":1 }', 0, '{  }'],
  ])('takes out of %s the member %d with its comma', (text, index, rest) => {
    expect(applyEdits(text, [dropMember(membersAt(text, 0), index)])).toBe(rest);
  });
});

describe('rewriteObject', () => {
  it('leaves out keys and adds others, keeping the text of the rest', () => {
    const text = '{"keep": 1.0, "drop":{"a":[1]}, "big":12345678901234567890}';
    expect(rewriteObject(text, new Set(['drop']), [['new', 'true']])).toBe(
      '{"new":true,"keep": 1.0,"big":12345678901234567890}',
    );
  });

  it('makes an empty object of one whose keys are all left out', () => {
    expect(rewriteObject('{"a":1}', new Set(['a']), [])).toBe('{}');
  });
});

describe('dropMembers', () => {
  it.each([
    ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
    ['{"a":1,"b":2,"c":3}', ['a', 'b'], '{"c":3}'],
    ['{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
    ['{"a":1,"b":2,"c":3}', ['a', 'c'], '{"b":2}'],
    ['{ "a" : 1 , "b" : 2 }', ['a', 'b'], '{  }'],
    ['{"a":1}', ['z'], '{"a":1}'],
  ])('takes members out of %s: %j', (text, keys, left) => {
    expect(applyEdits(text, dropMembers(membersAt(text, 0), new Set(keys)))).toBe(left);
  });
});

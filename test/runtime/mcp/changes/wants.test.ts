import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { common, covers, isEmpty, Wants } from '../../../../runtime/mcp/changes/wants.ts';
import { isWithin, scopesOf } from '../../../../runtime/mcp/uri-scope.ts';

const updated = (uri: unknown) => ({ method: 'notifications/resources/updated', params: { uri } });

describe('wants', () => {
  it('finds each whom a change concerns once, and nobody else', () => {
    const wants = new Wants<string>();
    wants.add('ada', { toolsListChanged: true, resourceSubscriptions: ['a://x', 'a://x/y'] });
    wants.add('bob', { resourceSubscriptions: ['a://xy'] });
    expect([...wants.concerned({ method: 'notifications/tools/list_changed' })]).toEqual(['ada']);
    expect([...wants.concerned({ method: 'notifications/prompts/list_changed' })]).toEqual([]);
    expect([...wants.concerned(updated('a://x/y/z'))]).toEqual(['ada']);
    expect([...wants.concerned(updated('a://xy'))]).toEqual(['bob']);
    for (const uri of ['a://', 'a://xyz', 7, undefined])
      expect([...wants.concerned(updated(uri))]).toEqual([]);
  });

  it('unites what is wanted, and forgets what is not any more', () => {
    const wants = new Wants<string>();
    const ada = { toolsListChanged: true, resourceSubscriptions: ['a://x'] } as const;
    wants.add('ada', { ...ada, resourceSubscriptions: ['a://x'] });
    wants.add('bob', { resourceSubscriptions: ['a://x', 'a://y'] });
    expect(wants.union([{ promptsListChanged: true }])).toEqual({
      toolsListChanged: true,
      promptsListChanged: true,
      resourceSubscriptions: ['a://x', 'a://y'],
    });
    wants.delete('ada', { ...ada, resourceSubscriptions: ['a://x'] });
    wants.delete('bob', { resourceSubscriptions: ['a://x', 'a://y'] });
    expect(wants.union()).toEqual({});
    expect(wants.hasRoom({ resourceSubscriptions: ['a://z'] }, 1)).toBe(true);
  });

  it('finds those who follow a task, and counts its kinds of names apart', () => {
    const wants = new Wants<string>();
    wants.add('ada', { taskIds: ['t1', 't2'] });
    wants.add('bob', { taskIds: ['t2'], resourceSubscriptions: ['t1'] });
    const told = (taskId: string) => [
      ...wants.concerned({ method: 'notifications/tasks', params: { taskId } }),
    ];
    expect([told('t1'), told('t2'), told('t3')]).toEqual([['ada'], ['ada', 'bob'], []]);
    expect(wants.union()).toEqual({ taskIds: ['t1', 't2'], resourceSubscriptions: ['t1'] });
    expect(wants.hasRoom({ taskIds: ['t2'] }, 2)).toBe(true);
    expect(wants.hasRoom({ taskIds: ['t3'] }, 2)).toBe(false);
    wants.delete('ada', { taskIds: ['t1', 't2'] });
    expect([told('t1'), told('t2')]).toEqual([[], ['bob']]);
  });

  it('compares filters', () => {
    const wide = { toolsListChanged: true, resourceSubscriptions: ['a://x', 'a://y'] } as const;
    const all = { ...wide, resourceSubscriptions: [...wide.resourceSubscriptions] };
    expect(covers(all, { resourceSubscriptions: ['a://y'] })).toBe(true);
    expect(covers(all, { promptsListChanged: true })).toBe(false);
    expect(covers(all, { resourceSubscriptions: ['a://z'] })).toBe(false);
    expect(common({ promptsListChanged: true, resourceSubscriptions: ['a://y', 'a://z'] }, all)).toEqual({
      resourceSubscriptions: ['a://y'],
    });
    expect([{}, { resourceSubscriptions: [] }, all].map(isEmpty)).toEqual([true, true, false]);
  });
});

describe('the scopes of a URI', () => {
  it('are all that it is within', () => {
    const uri = fc
      .array(fc.constantFrom('a', 'b', '/', '?', '#', ':'), { maxLength: 10 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(uri, fc.nat(12), (text, length) => {
        const scope = text.slice(0, length);
        if (scope !== '') expect(scopesOf(text).includes(scope)).toBe(isWithin(text, scope));
      }),
    );
  });
});

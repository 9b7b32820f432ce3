import { describe, expect, it } from 'vitest';
import { ConnectionSlots } from '../../../../runtime/upstream/http/connection-slots.ts';

describe('ConnectionSlots', () => {
  it('lets so many calls run at once, and the others in order as slots become free', () => {
    const slots = new ConnectionSlots(2);
    const ran: string[] = [];
    const calls = new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, { name }]));
    for (const [name, call] of calls) slots.enter(call, () => ran.push(name));
    expect(ran).toEqual(['a', 'b']);
    slots.leave(calls.get('c')!);
    slots.leave(calls.get('a')!);
    expect(ran).toEqual(['a', 'b', 'd']);
    slots.leave(calls.get('a')!);
    expect(ran).toEqual(['a', 'b', 'd']);
    slots.leave(calls.get('b')!);
    expect(ran).toEqual(['a', 'b', 'd', 'e']);
  });

  it('lets a call that has a slot run again, and one that was paused go on without', () => {
    const slots = new ConnectionSlots(1);
    const ran: string[] = [];
    const [a, b] = [{}, {}];
    slots.enter(a, () => ran.push('a'));
    slots.enter(a, () => ran.push('a again'));
    slots.leave(a);
    slots.enter(b, () => ran.push('b'));
    slots.reenter(a);
    slots.enter({}, () => ran.push('c'));
    slots.leave(b);
    expect(ran).toEqual(['a', 'a again', 'b']);
    slots.leave(a);
    expect(ran).toEqual(['a', 'a again', 'b', 'c']);
  });
});

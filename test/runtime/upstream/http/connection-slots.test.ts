import { describe, expect, it } from 'vitest';
import { ConnectionSlots, type SlotCall } from '../../../../runtime/upstream/http/connection-slots.ts';

const callsOf = (ran: string[]): ((name: string) => SlotCall) => {
  const members = { hasSlot: false, waits: false, lineNext: undefined, linePrevious: undefined };
  return (name) => ({ ...members, runInSlot: () => void ran.push(name) });
};

describe('ConnectionSlots', () => {
  it('lets so many calls run at once, and the others in order as slots become free', () => {
    const slots = new ConnectionSlots(2, 10);
    const ran: string[] = [];
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(callsOf(ran)) as [
      SlotCall,
      SlotCall,
      SlotCall,
      SlotCall,
      SlotCall,
    ];
    for (const call of [a, b, c, d, e]) slots.enter(call);
    expect(ran).toEqual(['a', 'b']);
    slots.leave(c);
    slots.leave(a);
    expect(ran).toEqual(['a', 'b', 'd']);
    slots.leave(a);
    expect(ran).toEqual(['a', 'b', 'd']);
    slots.leave(b);
    expect(ran).toEqual(['a', 'b', 'd', 'e']);
  });

  it('lets a call that has a slot run again, and one that was paused go on without', () => {
    const slots = new ConnectionSlots(1, 10);
    const ran: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map(callsOf(ran)) as [SlotCall, SlotCall, SlotCall];
    slots.enter(a);
    slots.enter(a);
    slots.leave(a);
    slots.enter(b);
    slots.reenter(a);
    slots.enter(c);
    slots.leave(b);
    expect(ran).toEqual(['a', 'a', 'b']);
    slots.leave(a);
    expect(ran).toEqual(['a', 'a', 'b', 'c']);
  });

  it('lets no more wait than may', () => {
    const slots = new ConnectionSlots(1, 1);
    const ran: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map(callsOf(ran)) as [SlotCall, SlotCall, SlotCall];
    expect([a, b, c].map((call) => slots.enter(call))).toEqual([true, true, false]);
    slots.leave(a);
    expect(slots.enter(c)).toBe(true);
    slots.leave(b);
    expect(ran).toEqual(['a', 'b', 'c']);
  });
});

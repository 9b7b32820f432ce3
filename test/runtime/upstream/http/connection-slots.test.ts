import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionSlots, type SlotCall } from '../../../../runtime/upstream/http/connection-slots.ts';

const callsOf = (ran: string[]): ((name: string) => SlotCall) => {
  const outside = { waits: false, lineNext: undefined, linePrevious: undefined, ofCaller: undefined };
  const members = { ...outside, hasSlot: false, caller: 'one' };
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

/** One that may be paused, and is told apart by who it is of. */
class Call implements SlotCall {
  hasSlot = false;
  waits = false;
  lineNext: SlotCall | undefined = undefined;
  linePrevious: SlotCall | undefined = undefined;
  ofCaller: SlotCall['ofCaller'] = undefined;
  readonly caller: string;
  state: 'outside' | 'waits' | 'runs' | 'paused' | 'over' = 'outside';

  constructor(caller: string) {
    this.caller = caller;
  }

  runInSlot(): void {
    this.state = 'runs';
  }
}

describe('slots that callers share', () => {
  it('leave an eighth to others, lose nobody and are never too many, but for those that go on', () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a', 'a', 'a', 'b', 'c').map((enter) => ({ enter })) },
      { weight: 3, arbitrary: fc.nat().map((leave) => ({ leave })) },
      { weight: 1, arbitrary: fc.nat().map((pause) => ({ pause })) },
      { weight: 1, arbitrary: fc.nat().map((resume) => ({ resume })) },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 150 }), (acts) => {
        const slots = new ConnectionSlots(8, 1000);
        const calls: Call[] = [];
        const of = (...states: Call['state'][]): Call[] =>
          calls.filter(({ state }) => states.includes(state));
        const pick = (list: readonly Call[], at: number): Call | undefined => list[at % list.length];
        let wereResumed = 0;
        const leave = (call: Call, state: 'over' | 'paused'): void => {
          call.state = state;
          slots.leave(call);
        };
        for (const each of acts) {
          if ('enter' in each) {
            const call = new Call(each.enter);
            calls.push(call);
            call.state = 'waits';
            slots.enter(call);
          } else if ('leave' in each) {
            const call = pick(of('waits', 'runs', 'paused'), each.leave);
            if (call !== undefined) leave(call, 'over');
          } else if ('pause' in each) {
            const call = pick(of('runs'), each.pause);
            if (call !== undefined) leave(call, 'paused');
          } else {
            const call = pick(of('paused'), each.resume);
            if (call === undefined) continue;
            wereResumed += 1;
            call.state = 'runs';
            slots.reenter(call);
          }
          const running = of('runs');
          expect(running.length).toBeLessThanOrEqual(8 + wereResumed);
          expect(slots.waiting).toBe(of('waits').length);
          const share = (caller: string): number => running.filter((call) => call.caller === caller).length;
          if (wereResumed === 0) for (const name of ['a', 'b', 'c']) expect(share(name)).toBeLessThan(8);
          // Whoever waits has its share, or there is no slot.
          if (running.length < 8)
            for (const { caller } of of('waits')) expect(share(caller)).toBeGreaterThanOrEqual(7);
        }
        for (let next = of('runs')[0]; next !== undefined; next = of('runs')[0]) leave(next, 'over');
        expect(of('waits')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('are taken in turn', () => {
    const slots = new ConnectionSlots(1, 10);
    const calls = ['a', 'a', 'a', 'b', 'c'].map((caller) => new Call(caller));
    for (const call of calls) slots.enter(call);
    const order: string[] = [];
    for (let served = 0; served < calls.length; served += 1) {
      const running = calls.find(({ state }) => state === 'runs')!;
      order.push(running.caller);
      running.state = 'over';
      slots.leave(running);
    }
    expect(order).toEqual(['a', 'a', 'b', 'c', 'a']);
  });
});

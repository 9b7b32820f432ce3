import { describe, expect, it } from 'vitest';
import { type CallOnLink, LinkCalls } from '../../../../runtime/mcp/bridge/link-calls.ts';

const call = (): CallOnLink => ({ place: -1, asked: () => undefined, told: () => undefined });

describe('LinkCalls', () => {
  it('runs calls at once, and knows the owner of a question only while there is one', () => {
    const calls = new LinkCalls(true, false);
    const ran: string[] = [];
    const [a, b] = [call(), call()];
    expect(calls.only).toBeUndefined();
    calls.enter(
      a,
      1000,
      () => ran.push('a'),
      () => undefined,
    );
    expect(calls.only).toBe(a);
    calls.enter(
      b,
      1000,
      () => ran.push('b'),
      () => undefined,
    );
    expect(ran).toEqual(['a', 'b']);
    expect(calls.only).toBeUndefined();
    calls.leave(a);
    expect(calls.only).toBe(b);
  });

  it('takes turns where calls are made one at a time, and passes over those who no longer wait', () => {
    const calls = new LinkCalls(true, true);
    const ran: string[] = [];
    const [a, b, c, d] = [call(), call(), call(), call()];
    const enter = (each: CallOnLink, name: string) =>
      calls.enter(
        each,
        1000,
        () => ran.push(name),
        () => ran.push(`${name} failed`),
      );
    enter(a, 'a');
    enter(b, 'b');
    enter(c, 'c');
    enter(d, 'd');
    expect(ran).toEqual(['a']);
    calls.leave(b);
    calls.leave(a);
    expect(ran).toEqual(['a', 'c']);
    expect(calls.only).toBe(c);
    calls.leave(a);
    expect(ran).toEqual(['a', 'c']);
    calls.leave(c);
    expect(ran).toEqual(['a', 'c', 'd']);
  });

  it('fails a call whose turn does not come in time', async () => {
    const calls = new LinkCalls(true, true);
    calls.enter(
      call(),
      1000,
      () => undefined,
      () => undefined,
    );
    const failed = await new Promise((fail) => calls.enter(call(), 10, () => fail('ran'), fail));
    expect(failed).toMatchObject({ code: 'upstream_timeout' });
  });

  it('lets no more than a hundred calls wait', () => {
    const calls = new LinkCalls(true, true);
    const failed: Error[] = [];
    for (let each = 0; each < 102; each += 1)
      calls.enter(
        call(),
        1000,
        () => undefined,
        (error) => failed.push(error),
      );
    expect(failed).toMatchObject([{ code: 'upstream_unavailable' }]);
  });
});

import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { ClientReply } from '../../runtime/mcp/client-reply.ts';
import { InFlight } from '../../runtime/mcp/legacy/in-flight.ts';
import { WaitingTable } from '../../runtime/upstream/stdio/waiting-table.ts';

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')!.space_used_size;

const CALLS = 100_000;
const AT_ONCE = 64;
const PROPERTIES = 20;

/** What a call is, by its size. */
const callOf = (): object => Object.fromEntries(Array.from({ length: PROPERTIES }, (_, at) => [`${at}`, at]));

/** Time goes by without calls: what there is becomes old. */
const age = (): void => {
  for (let made = 0; made < CALLS; made += 1) callOf();
};

/** How much more is held once many calls have come and gone, a few of them at a time. */
const grownBytes = (enter: (id: number, call: object) => void, leave: (id: number) => void): number => {
  const before = oldBytes();
  for (let id = 1; id <= CALLS; id += 1) {
    enter(id, callOf());
    if (id > AT_ONCE) leave(id - AT_ONCE);
    if (id === 10 * AT_ONCE) age();
  }
  return oldBytes() - before;
};

describe('calls that are over do not outlive the young generation', () => {
  it('where a child process knows them by their ids', () => {
    const table = new WaitingTable<object>();
    expect(
      grownBytes(
        (id, call) => table.set(id, call),
        (id) => table.delete(id),
      ),
    ).toBeLessThan(4_000_000);
  });

  it('where a session knows them by theirs', () => {
    const inFlight = new InFlight();
    expect(
      grownBytes(
        (id, call) => void inFlight.begin(`${id}`, call as ClientReply),
        (id) => inFlight.finished(`${id}`),
      ),
    ).toBeLessThan(4_000_000);
  });
});

import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { OpenExchange } from '../../runtime/listen/open-exchange.ts';
import { SlowReaders } from '../../runtime/listen/slow-readers.ts';
import { type CallOnLink, LinkCalls } from '../../runtime/mcp/bridge/link-calls.ts';
import type { ClientReply } from '../../runtime/mcp/client-reply.ts';
import { InFlight } from '../../runtime/mcp/legacy/in-flight.ts';
import { SessionStreams } from '../../runtime/mcp/legacy/session-stream.ts';
import { LeaseSteps, type OwnLease } from '../../runtime/state/lease-steps.ts';
import { createBulkhead, type Ticket } from '../../runtime/traffic/fair-gate.ts';
import { WaitingTable } from '../../runtime/upstream/stdio/waiting-table.ts';

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')!.space_used_size;

const CALLS = 100_000;
const AT_ONCE = 64;
const PROPERTIES = 20;
const LOOK_EACH = 500;

/** What a call is, by its size. */
const callOf = (): object => Object.fromEntries(Array.from({ length: PROPERTIES }, (_, at) => [`${at}`, at]));

/** Time goes by without calls: what there is becomes old. */
const age = (): void => {
  for (let made = 0; made < CALLS; made += 1) callOf();
};

/** How much becomes old while many calls come and go, a few of them at a time. */
const grownBytes = (enter: (id: number, call: object) => void, leave: (id: number) => void): number => {
  let [grown, known] = [0, oldBytes()];
  for (let id = 1; id <= CALLS; id += 1) {
    enter(id, callOf());
    if (id > AT_ONCE) leave(id - AT_ONCE);
    if (id === 10 * AT_ONCE) age();
    if (id % LOOK_EACH > 0) continue;
    // What was collected meanwhile had become old, too.
    const now = oldBytes();
    grown += Math.max(0, now - known);
    known = now;
  }
  return grown;
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

  it('where they queue at a bulkhead', () => {
    const bounds = { max: 1, queue: 2 * AT_ONCE, queueTimeoutMs: 60_000 };
    const gate = createBulkhead(bounds);
    const tickets = new Array<Ticket>(2 * AT_ONCE);
    expect(
      grownBytes(
        (id, call) => {
          const waiting = { call, granted: () => undefined, refused: () => undefined };
          tickets[id % tickets.length] = gate.enter('key', 'caller', bounds, waiting)!;
        },
        (id) => tickets[id % tickets.length]!.leave(),
      ),
    ).toBeLessThan(4_000_000);
  });

  it('where they take turns on a conversation with a process', () => {
    const calls = new LinkCalls(true, true);
    const under = new Array<CallOnLink>(2 * AT_ONCE);
    expect(
      grownBytes(
        (id, call) => {
          under[id % under.length] = { place: -1, asked: () => undefined, told: () => undefined };
          calls.enter(
            under[id % under.length]!,
            60_000,
            () => call,
            () => undefined,
          );
        },
        (id) => calls.leave(under[id % under.length]!),
      ),
    ).toBeLessThan(4_000_000);
  });

  it('where they come over HTTP/2', () => {
    const readers = new SlowReaders();
    const open = new Array<OpenExchange>(2 * AT_ONCE);
    const grown = grownBytes(
      (id, call) => {
        open[id % open.length] = { ...call, place: -1 } as unknown as OpenExchange;
        readers.opened(open[id % open.length]!);
      },
      (id) => readers.concluded(open[id % open.length]!),
    );
    readers.close();
    expect(grown).toBeLessThan(4_000_000);
  });

  it('where they hold places over all replicas, or wait for one', () => {
    const steps = new LeaseSteps();
    const leases = new Array<OwnLease>(2 * AT_ONCE);
    expect(
      grownBytes(
        (id, call) => {
          const tell = (): unknown => call;
          const lease: OwnLease = {
            ...{ name: 'all', max: 1, queue: 2 * AT_ONCE, id: `${id}`, place: -1 },
            ...{ tell, state: 'new' },
          };
          leases[id % leases.length] = lease;
          steps.enter(lease);
          steps.next();
          steps.wait(lease);
        },
        (id) => {
          steps.leave(leases[id % leases.length]!);
          steps.next();
        },
      ),
    ).toBeLessThan(4_000_000);
  });

  it('where a session keeps the streams of their answers', () => {
    const streams = new SessionStreams();
    const keep = (_: number, call: object): void => Object.assign(streams.open(), { call }).finish();
    expect(grownBytes(keep, () => undefined)).toBeLessThan(4_000_000);
  });
});

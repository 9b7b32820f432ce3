/**
 * A program of its own: very many calls, a few of them at a time, come and go where its argument says. Run it with
 * `--trace-gc-nvp`: what its collections promote was kept beyond the end of its call.
 */
import type { OpenExchange } from '../../runtime/listen/open-exchange.ts';
import { SlowReaders } from '../../runtime/listen/slow-readers.ts';
import { type CallOnLink, LinkCalls } from '../../runtime/mcp/bridge/link-calls.ts';
import type { ClientReply } from '../../runtime/mcp/client-reply.ts';
import { InFlight } from '../../runtime/mcp/legacy/in-flight.ts';
import { SessionStreams } from '../../runtime/mcp/legacy/session-stream.ts';
import { LeaseSteps, type OwnLease } from '../../runtime/state/lease-steps.ts';
import { createBulkhead, type Ticket } from '../../runtime/traffic/fair-gate.ts';
import { WaitingTable } from '../../runtime/upstream/stdio/waiting-table.ts';

const CALLS = 100_000;
const AT_ONCE = 64;
const PROPERTIES = 20;

/** What a call is, by its size. */
const callOf = (): object => Object.fromEntries(Array.from({ length: PROPERTIES }, (_, at) => [`${at}`, at]));

/** Time goes by without calls: what there is becomes old. */
const age = (): void => {
  for (let made = 0; made < CALLS; made += 1) callOf();
};

interface Place {
  enter(id: number, call: object): void;
  leave(id: number): void;
}

const childProcess = (): Place => {
  const table = new WaitingTable<object>();
  return { enter: (id, call) => table.set(id, call), leave: (id) => table.delete(id) };
};

const session = (): Place => {
  const inFlight = new InFlight();
  return {
    enter: (id, call) => void inFlight.begin(`${id}`, call as ClientReply),
    leave: (id) => inFlight.finished(`${id}`),
  };
};

const bulkhead = (): Place => {
  const bounds = { max: 1, queue: 2 * AT_ONCE, queueTimeoutMs: 60_000 };
  const gate = createBulkhead(bounds);
  const tickets = new Array<Ticket>(2 * AT_ONCE);
  return {
    enter: (id, call) => {
      const waiting = { call, granted: () => undefined, refused: () => undefined };
      tickets[id % tickets.length] = gate.enter('key', 'caller', bounds, waiting)!;
    },
    leave: (id) => tickets[id % tickets.length]!.leave(),
  };
};

const conversation = (): Place => {
  const calls = new LinkCalls(true, true);
  const under = new Array<CallOnLink>(2 * AT_ONCE);
  const nothing = (): undefined => undefined;
  return {
    enter: (id, call) => {
      under[id % under.length] = { place: -1, asked: nothing, told: nothing };
      calls.enter(under[id % under.length]!, 60_000, () => call, nothing);
    },
    leave: (id) => calls.leave(under[id % under.length]!),
  };
};

const http2 = (): Place => {
  const readers = new SlowReaders();
  const open = new Array<OpenExchange>(2 * AT_ONCE);
  return {
    enter: (id, call) => {
      open[id % open.length] = { ...call, place: -1 } as unknown as OpenExchange;
      readers.opened(open[id % open.length]!);
    },
    leave: (id) => readers.concluded(open[id % open.length]!),
  };
};

const replicas = (): Place => {
  const steps = new LeaseSteps();
  const leases = new Array<OwnLease>(2 * AT_ONCE);
  return {
    enter: (id, call) => {
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
    leave: (id) => {
      steps.leave(leases[id % leases.length]!);
      steps.next();
    },
  };
};

const streams = (): Place => {
  const kept = new SessionStreams();
  return {
    enter: (_, call) => Object.assign(kept.open(), { call }).finish(),
    leave: () => undefined,
  };
};

const PLACES: Readonly<Record<string, () => Place>> = {
  childProcess,
  session,
  bulkhead,
  conversation,
  http2,
  replicas,
  streams,
};

const { enter, leave } = PLACES[process.argv[2]!]!();
for (let id = 1; id <= CALLS; id += 1) {
  enter(id, callOf());
  if (id > AT_ONCE) leave(id - AT_ONCE);
  if (id === 10 * AT_ONCE) age();
}
process.exit();

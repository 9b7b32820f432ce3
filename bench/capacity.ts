/** From what was measured to how much is needed: arithmetic, and its words. */
import { formatTable } from './table.ts';

/** What one machine showed. */
export interface Costs {
  /** Processor time per request, in microseconds. */
  readonly secureUs: number;
  /** The same where limits are counted in a store: of the gateway, and of the store. */
  readonly storedUs: number | undefined;
  readonly storeUs: number | undefined;
  /** Of a load balancer that speaks HTTP. */
  readonly balancerUs: number | undefined;
  readonly idleBytes: number;
  readonly threadBytes: number;
  /** Resident and external memory of one that is idle. */
  readonly subscriptionBytes: number;
  /** On one side of the gateway: request and reply, headers and all. */
  readonly bytesPerCall: number;
}

/** The share of a core that is planned with: what is left takes peaks, reloads and the loss of a replica. */
const USED_SHARE = 0.6;
const SUBSCRIPTIONS_PER_CORE = 10_000;
/** Of a store, whose commands all run in one thread. */
const STORE_SHARE = 0.5;

const perCore = (us: number): number => (1e6 / us) * USED_SHARE;

const round = (value: number, digits = 2): string =>
  Number(value.toPrecision(digits)).toLocaleString('en-US', { maximumFractionDigits: 1 });

const memoryGb = (costs: Costs, threads: number): number =>
  (costs.idleBytes + (threads > 1 ? threads : 0) * costs.threadBytes) / 1e9;

export const sizingTable = (costs: Costs): string =>
  formatTable({
    head: [
      'cores',
      '`workers`',
      'requests/s',
      'memory idle',
      'with 10,000 subscriptions a core',
      'network each side',
    ],
    rows: [1, 2, 4, 8, 16].map((cores) => {
      const requests = perCore(costs.secureUs) * cores;
      const idleGb = memoryGb(costs, cores);
      const heldGb = idleGb + (cores * SUBSCRIPTIONS_PER_CORE * costs.subscriptionBytes) / 1e9;
      const mbit = (requests * costs.bytesPerCall * 8) / 1e6;
      return [
        String(cores),
        String(cores),
        round(requests),
        `${round(idleGb)} GB`,
        `${round(heldGb)} GB`,
        `${round(mbit)} Mbit/s`,
      ];
    }),
  });

const PLANNED = 1e6;
const CORES_OF_REPLICA = 8;
const CALL_MS = 50;

/** What a million requests a second take, line by line. */
export const planTable = (costs: Costs): string => {
  const us = costs.storedUs ?? costs.secureUs;
  const cores = PLANNED / perCore(us);
  const needed = Math.ceil(cores / CORES_OF_REPLICA);
  const replicas = Math.ceil(needed * 1.1);
  const each = PLANNED / replicas;
  const inFlight = (PLANNED * CALL_MS) / 1e3;
  const gbit = (PLANNED * costs.bytesPerCall * 8) / 1e9;
  const { storeUs, balancerUs } = costs;
  const stores = storeUs === undefined ? undefined : Math.ceil(PLANNED / ((1e6 / storeUs) * STORE_SHARE));
  const rows: (readonly [string, string, string])[] = [
    ['cores', `1,000,000 × ${round(us, 3)} µs ÷ ${USED_SHARE * 100} %`, round(cores, 3)],
    [
      `replicas of ${CORES_OF_REPLICA} cores`,
      `${round(cores, 3)} ÷ ${CORES_OF_REPLICA}, and a tenth more`,
      String(replicas),
    ],
    ['requests/s of a replica', `1,000,000 ÷ ${replicas}`, round(each, 3)],
    [
      'memory of a replica, idle',
      `${round(costs.idleBytes / 1e6, 3)} MB + ${CORES_OF_REPLICA} × ${round(costs.threadBytes / 1e6, 3)} MB`,
      `${round(memoryGb(costs, CORES_OF_REPLICA))} GB`,
    ],
    ['calls in flight', `1,000,000/s × ${CALL_MS} ms that an upstream takes`, round(inFlight)],
    [
      'connections to upstreams of a replica',
      `${round(inFlight)} ÷ ${replicas}, one for each call in flight`,
      round(inFlight / replicas),
    ],
    [
      'network of a replica, each side',
      `${round(each, 3)} × ${round(costs.bytesPerCall, 3)} B × 8`,
      `${round((each * costs.bytesPerCall * 8) / 1e6)} Mbit/s`,
    ],
    [
      'network of all, each side',
      `1,000,000 × ${round(costs.bytesPerCall, 3)} B × 8`,
      `${round(gbit)} Gbit/s`,
    ],
  ];
  if (balancerUs !== undefined)
    rows.push([
      'load balancers of HTTP, cores',
      `1,000,000 × ${round(balancerUs, 3)} µs ÷ ${USED_SHARE * 100} %`,
      round(PLANNED / perCore(balancerUs), 3),
    ]);
  if (storeUs !== undefined && stores !== undefined)
    rows.push(
      ['store operations/s', 'one script for each request that a limit applies to', '1,000,000'],
      [
        'stores',
        `1,000,000 × ${round(storeUs, 3)} µs ÷ ${STORE_SHARE * 100} % of one core each`,
        String(stores),
      ],
    );
  return formatTable({ head: ['what', 'how it comes', 'amount'], rows });
};

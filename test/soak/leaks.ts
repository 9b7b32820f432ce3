/** Whether a gateway that does nothing holds as much as it did before. */
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayProcess, Holding } from './gateway-process.ts';

/** How much more than before counts as the same. */
export const BOUNDS = {
  /** Pages that the allocator keeps for itself, and code compiled meanwhile. */
  residentBytes: 48e6,
  /** Of the main thread and two that serve, collected: code that faults alone have run, too. */
  heapBytes: 20e6,
  /** Connections on their way out. */
  handles: 16,
  children: 0,
  zombies: 0,
  resources: 8,
} as const;

export type Measure = keyof typeof BOUNDS;

export type Amounts = Readonly<Record<Measure, number>>;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

export const amountsOf = ({ residentBytes, handles, children, zombies, threads }: Holding): Amounts => ({
  residentBytes,
  handles,
  children,
  zombies,
  heapBytes: sum(threads.map(({ heapBytes }) => heapBytes)),
  resources: sum(threads.flatMap(({ resources }) => Object.values(resources))),
});

/** The measures in which `after` is more than `before` by more than its bound. */
export const leaksIn = (before: Amounts, after: Amounts): readonly Measure[] =>
  (Object.keys(BOUNDS) as Measure[]).filter((measure) => after[measure] - before[measure] > BOUNDS[measure]);

const POLL_MS = 500;

/** Measures until nothing has leaked, or the time is over; the last measurement. */
export const settle = async (
  gateway: GatewayProcess,
  before: Amounts | undefined,
  withinMs: number,
): Promise<Amounts> => {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    await delay(POLL_MS);
    const late = performance.now() > deadlineMs;
    try {
      const after = amountsOf(await gateway.holding());
      if (late || (before !== undefined && leaksIn(before, after).length === 0)) return after;
    } catch (error) {
      if (late) throw error;
    }
  }
};

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

/** A thread has one process of the only stdio upstream for each era. */
const PROCESSES_OF_A_THREAD = 2;

/**
 * Nothing in Node.js can wait for a child of a thread that was ended: they stay until the process ends, as many for
 * each thread as it had, and no more.
 */
export const boundOf = (measure: Measure, killedThreads: number): number =>
  measure === 'zombies' ? killedThreads * PROCESSES_OF_A_THREAD : BOUNDS[measure];

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
export const leaksIn = (before: Amounts, after: Amounts, killedThreads: number): readonly Measure[] =>
  (Object.keys(BOUNDS) as Measure[]).filter(
    (measure) => after[measure] - before[measure] > boundOf(measure, killedThreads),
  );

const POLL_MS = 500;

/** Measures until nothing has leaked, or the time is over; the last measurement. */
export const settle = async (
  gateway: GatewayProcess,
  before: Amounts | undefined,
  killedThreads: number,
  withinMs: number,
): Promise<Amounts> => {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    await delay(POLL_MS);
    const late = performance.now() > deadlineMs;
    try {
      const after = amountsOf(await gateway.holding());
      if (late || (before !== undefined && leaksIn(before, after, killedThreads).length === 0)) return after;
    } catch (error) {
      if (late) throw error;
    }
  }
};

/** When new work is refused so that what is under way can be done, as an arithmetic over what is measured. */

/** What there is too little of. */
export type PressureReason = (typeof PRESSURE_REASONS)[number];

export const PRESSURE_REASONS = ['memory', 'event_loop'] as const;

/** What one thread must not go beyond. */
export interface PressureBounds {
  /** Of the process. */
  readonly memoryBytes: number;
  readonly eventLoopDelayMs: number;
  /** Threads that share the memory. */
  readonly threads: number;
}

/** What is measured at one moment. */
export interface PressureReading {
  /** What the process has in RAM. */
  readonly residentBytes: number;
  /** What objects and buffers of this thread take, those that nobody needs any more included. */
  readonly usedBytes: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  /** How late a timer was. */
  readonly lateMs: number;
}

export interface PressureState {
  readonly memory: boolean;
  readonly eventLoop: boolean;
  /** Readings in a row that speak for a change. */
  readonly lateInARow: number;
  readonly calmInARow: number;
}

export const NO_PRESSURE: PressureState = Object.freeze({
  memory: false,
  eventLoop: false,
  lateInARow: 0,
  calmInARow: 0,
});

/** Where refusing begins and where it ends, as parts of what there may be. */
interface Marks {
  readonly resident: number;
  /** Of this thread's share of the memory. */
  readonly used: number;
  /** Counts whatever is in use: what an allocator keeps of what was given back may be most of it. */
  readonly residentAlone: number;
  readonly heap: number;
}

const BEGIN: Marks = { resident: 0.85, used: 0.5, residentAlone: 0.97, heap: 0.9 };
const END: Marks = { resident: 0.75, used: 0.35, residentAlone: 0.92, heap: 0.8 };

/** Where readers that leave much unread are cut off, before anything has to be refused. */
const TIGHT: Marks = { resident: 0.7, used: 0.35, residentAlone: 0.92, heap: 0.75 };

/** One stall, however long, is no pressure: a collection, or a machine that was asleep. */
const LATE_IN_A_ROW = 3;
const CALM_IN_A_ROW = 5;
/** Timers are on time again when they are late by less than this part of what they may be. */
const CALM = 0.5;

const exceeds = (reading: PressureReading, { memoryBytes, threads }: PressureBounds, marks: Marks): boolean =>
  reading.heapBytes >= marks.heap * reading.heapLimitBytes ||
  reading.residentBytes >= marks.residentAlone * memoryBytes ||
  (reading.residentBytes >= marks.resident * memoryBytes &&
    reading.usedBytes >= (marks.used * memoryBytes) / threads);

/** Whether memory is to be freed, refused or not. */
export const isTight = (reading: PressureReading, bounds: PressureBounds): boolean =>
  exceeds(reading, bounds, TIGHT);

/**
 * What holds after one more reading. It changes only where a reading is clearly beyond a mark, so that it does not
 * flutter: memory is given back slowly, and what a process once had it seldom gives back whole.
 */
export const judgePressure = (
  state: PressureState,
  reading: PressureReading,
  bounds: PressureBounds,
): PressureState => {
  const { lateMs } = reading;
  const lateInARow = lateMs > bounds.eventLoopDelayMs ? state.lateInARow + 1 : 0;
  const calmInARow = lateMs < CALM * bounds.eventLoopDelayMs ? state.calmInARow + 1 : 0;
  return {
    memory: exceeds(reading, bounds, state.memory ? END : BEGIN),
    eventLoop: state.eventLoop ? calmInARow < CALM_IN_A_ROW : lateInARow >= LATE_IN_A_ROW,
    lateInARow,
    calmInARow,
  };
};

/** Why new work is refused; empty if it is not. */
export const reasonsOf = ({ memory, eventLoop }: PressureState): readonly PressureReason[] => [
  ...(memory ? (['memory'] as const) : []),
  ...(eventLoop ? (['event_loop'] as const) : []),
];

/** A clock that all threads of a process share and that never steps back in any of them. */

const READINGS = 10;

/** `performance.now()` counts from the start of its own thread. */
const offsetMs = (): number => {
  let offset = 0;
  let least = Number.POSITIVE_INFINITY;
  // A thread may lose its core between two readings of one moment: those that are closest tell best.
  for (let reading = 0; reading < READINGS; reading += 1) {
    const before = performance.now();
    const common = Number(process.hrtime.bigint()) / 1e6;
    const goneMs = performance.now() - before;
    if (goneMs >= least) continue;
    least = goneMs;
    offset = common - before - goneMs / 2;
  }
  return offset;
};

const OFFSET_MS = offsetMs();

/** Milliseconds since some moment that is the same in every thread, but for some microseconds. */
export const monotonicMs = (): number => performance.now() + OFFSET_MS;

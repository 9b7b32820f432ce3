/** A clock that all threads of a process share and that never steps back. */

/** `performance.now()` counts from the start of its own thread. */
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds since some moment that is the same in every thread. */
export const monotonicMs = (): number => performance.now() + offsetMs;

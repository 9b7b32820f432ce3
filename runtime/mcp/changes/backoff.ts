/** How long to wait before a stream of changes is opened again. */

const FIRST_MS = 100;
const MAX_MS = 30_000;

/** 100 ms, doubling with each failure in a row up to 30 s; up to half of it less, so that not all come at once. */
export const backoffMs = (failures: number): number =>
  Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 10)) * (1 - Math.random() / 2);

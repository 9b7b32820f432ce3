/** What can come of a call, as its caller sees it. */

export type Outcome =
  /** As it should be. */
  | { readonly kind: 'answered' }
  /** Refused with a code that programs can tell from others. */
  | { readonly kind: 'coded'; readonly code: string }
  /** The connection ended before the answer had come. */
  | { readonly kind: 'cut'; readonly why: string }
  /** Nothing came within the deadline. */
  | { readonly kind: 'late' }
  /** Something came that is neither the right answer nor a coded error. */
  | { readonly kind: 'wrong'; readonly what: string };

export const ANSWERED: Outcome = { kind: 'answered' };

/** A connection that ended before the answer had come. */
export class Cut extends Error {}

/** Nothing came within the deadline. */
export class Late extends Error {}

export const outcomeOfThrown = (thrown: unknown): Outcome => {
  if (thrown instanceof Late) return { kind: 'late' };
  if (thrown instanceof Cut) return { kind: 'cut', why: thrown.message };
  return { kind: 'wrong', what: String(thrown) };
};

/** A table that replicas share, as it is in the store. */

/** A statement about a name. */
export interface Statement {
  readonly name: string;
  /** When it was made, in milliseconds since the epoch: of two about one name the later counts. */
  readonly atMs: number;
  /** From then on it says nothing any more. */
  readonly untilMs: number;
  readonly value: string;
}

export interface TableState {
  /** Another one after each change, and after the store has lost what it had. */
  readonly version: string;
  readonly statements: readonly Statement[];
}

/** Both reject with `StoreAway`. */
export interface StoredTable {
  /** Takes in statements that are later than what is there; answers how many had no room. */
  tell(statements: readonly Statement[]): Promise<number>;
  /** All of it; undefined if it is still as it was at `version`. What is no statement is left out. */
  read(version: string): Promise<TableState | undefined>;
}

/** Names in one table, those that are only remembered as void included. */
export const MAX_STATEMENTS = 10_000;
/** Of a statement with its name, in bytes. */
export const MAX_STATEMENT_BYTES = 2_048;

/** The last moment that a date can tell: for what has no end. */
export const FOREVER_MS = 8.64e15;

const KEPT = /^(\d{1,16}) (\d{1,16}) (.*)$/s;

/** Clocks of replicas differ by less. */
const SKEW_MS = 86_400_000;

/** The statement that is kept under a name; undefined if the text is none: others may write to the store, too. */
export const readKept = (name: string, kept: string): Statement | undefined => {
  const parts = KEPT.exec(kept);
  if (parts === null) return undefined;
  const [atMs, untilMs] = [Number(parts[1]), Number(parts[2])];
  const isPossible = atMs <= Date.now() + SKEW_MS && untilMs <= FOREVER_MS;
  return isPossible ? { name, atMs, untilMs, value: parts[3]! } : undefined;
};

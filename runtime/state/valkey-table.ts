/** A table that replicas share, in a Valkey or Redis server. */
import { randomBytes } from 'node:crypto';
import {
  MAX_STATEMENT_BYTES,
  MAX_STATEMENTS,
  readKept,
  type Statement,
  type StoredTable,
  type TableState,
} from './stored-table.ts';
import { READ_SCRIPT, TELL_SCRIPT } from './table-script.ts';

/** So many statements are told at once. */
const BATCH = 500;

/** Runs a script with a number of keys, the keys, and arguments. Rejects with `StoreAway`. */
export type RunScript = (script: string, given: readonly string[]) => Promise<unknown>;

const readAll = (told: readonly string[]): readonly Statement[] => {
  const statements = [];
  for (let at = 1; at + 1 < told.length; at += 2) {
    const statement = readKept(told[at]!, told[at + 1]!);
    if (statement !== undefined) statements.push(statement);
  }
  return statements;
};

/** @param key what the names of its keys begin with */
export const valkeyTable = (run: RunScript, key: string): StoredTable => {
  const keys = ['3', key, `${key}:ends`, `${key}:version`];
  const tellBatch = async (batch: readonly Statement[]): Promise<number> => {
    const given = batch.flatMap(({ name, atMs, untilMs, value }) => [
      name,
      String(atMs),
      String(untilMs),
      value,
    ]);
    const version = randomBytes(12).toString('base64url');
    return Number(await run(TELL_SCRIPT, [...keys, String(MAX_STATEMENTS), version, ...given]));
  };
  return {
    tell: async (statements) => {
      let left = 0;
      for (let at = 0; at < statements.length; at += BATCH)
        left += await tellBatch(statements.slice(at, at + BATCH));
      return left;
    },
    read: async (version): Promise<TableState | undefined> => {
      const bounds = [String(MAX_STATEMENTS), String(MAX_STATEMENT_BYTES)];
      const told = (await run(READ_SCRIPT, [...keys, version, ...bounds])) as readonly string[] | null;
      return told === null ? undefined : { version: told[0]!, statements: readAll(told) };
    },
  };
};

/** The arguments of `npm run bench`. */
import { parseArgs } from 'node:util';
import { NAMES } from './budgets.ts';

/** A target, as it is called in arguments. */
export type TargetKey = keyof typeof NAMES;

export interface BenchOptions {
  readonly rounds: number;
  readonly connections: number;
  readonly trainRequests: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** Rounds at half of the load that saturates; 0: none. */
  readonly openRounds: number;
  /** Starts of the gateway for the start-up figures; 0: none. */
  readonly starts: number;
  /** Rounds for the figure of lists; 0: none. */
  readonly listRounds: number;
  /** Idle subscriptions whose memory is measured; 0: none. */
  readonly subscriptions: number;
  /** Multiplies every budget. */
  readonly margin: number;
  /** The targets that take part. */
  readonly only: ReadonlySet<TargetKey>;
  /** Whether docs/performance.md is written. */
  readonly write: boolean;
}

const FULL = {
  rounds: 9,
  connections: 64,
  trainRequests: 40_000,
  warmMs: 250,
  measureMs: 1_500,
  openRounds: 5,
  starts: 5,
  listRounds: 5,
  subscriptions: 10_000,
  margin: 1,
};
const SMOKE = {
  ...FULL,
  rounds: 3,
  trainRequests: 10_000,
  measureMs: 700,
  openRounds: 3,
  starts: 2,
  listRounds: 2,
  subscriptions: 5_000,
  margin: 2,
};

export const USAGE = `usage: npm run bench -- [--smoke] [--rounds <n>] [--seconds <n>] [--connections <n>]
                       [--only <targets>] [--starts <n>] [--lists <n>] [--subscriptions <n>] [--open <n>]
                       [--write]

  --smoke           few short rounds, every budget doubled
  --only <targets>  some of ${Object.keys(NAMES).join(',')}
  --starts <n>      starts of the gateway for the start-up figures; 0 for none
  --lists <n>       rounds for the figure of lists; 0 for none
  --subscriptions <n>
                    idle subscriptions whose memory is measured; 0 for none
  --open <n>        rounds at half of the load that saturates; 0 for none
  --write           write docs/performance.md, and bench/released.json by which bench:smoke judges
`;

/** Reads the arguments. Throws on unknown ones. */
export const readOptions = (args: readonly string[]): BenchOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      smoke: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      only: { type: 'string' },
      starts: { type: 'string' },
      lists: { type: 'string' },
      subscriptions: { type: 'string' },
      open: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const base = values.smoke ? SMOKE : FULL;
  return {
    ...base,
    rounds: positive(values.rounds, base.rounds),
    connections: positive(values.connections, base.connections),
    measureMs: positive(values.seconds, base.measureMs / 1000) * 1000,
    only: targetKeys(values.only),
    starts: values.starts === '0' ? 0 : positive(values.starts, base.starts),
    listRounds: values.lists === '0' ? 0 : positive(values.lists, base.listRounds),
    subscriptions: values.subscriptions === '0' ? 0 : positive(values.subscriptions, base.subscriptions),
    openRounds: values.open === '0' ? 0 : positive(values.open, base.openRounds),
    write: values.write,
  };
};

const positive = (text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`\`${text}\` is no positive number`);
  return value;
};

const isTargetKey = (word: string): word is TargetKey => Object.hasOwn(NAMES, word);

const targetKeys = (list: string | undefined): ReadonlySet<TargetKey> => {
  const words = list?.split(',') ?? Object.keys(NAMES);
  return new Set(
    words.map((word) => {
      if (!isTargetKey(word)) throw new Error(`\`${word}\` is no target`);
      return word;
    }),
  );
};

/** The arguments of `npm run bench`. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  readonly connections: number;
  readonly trainMs: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** Starts of the gateway for the start-up figures; 0: none. */
  readonly starts: number;
  /** Multiplies every budget. */
  readonly margin: number;
  /** Whether the gateway takes part; without it only the references are driven. */
  readonly gateway: boolean;
  /** Whether docs/performance.md is written. */
  readonly write: boolean;
}

const FULL = {
  rounds: 9,
  connections: 64,
  trainMs: 3_000,
  warmMs: 250,
  measureMs: 1_500,
  starts: 5,
  margin: 1,
};
const SMOKE = { ...FULL, rounds: 3, trainMs: 1_500, measureMs: 700, starts: 2, margin: 2 };

export const USAGE = `usage: npm run bench -- [--smoke] [--rounds <n>] [--seconds <n>] [--connections <n>]
                       [--references-only] [--write]

  --smoke            few short rounds, every budget doubled
  --references-only  nginx, floor and the upstream itself, without the gateway
  --write            write docs/performance.md
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
      'references-only': { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const base = values.smoke ? SMOKE : FULL;
  return {
    ...base,
    rounds: positive(values.rounds, base.rounds),
    connections: positive(values.connections, base.connections),
    measureMs: positive(values.seconds, base.measureMs / 1000) * 1000,
    gateway: !values['references-only'],
    write: values.write,
  };
};

const positive = (text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`\`${text}\` is no positive number`);
  return value;
};

/** Who calls the gateway while it is tested. */
import type { Agent } from 'node:http';
import type { FaultName } from './fault-names.ts';
import type { Outcome } from './outcome.ts';
import type { Random } from './random.ts';

/** Which faults may be felt: at any time, as these codes, or while one of these faults lasts and shortly after. */
export interface Excuses {
  readonly codes?: 'any' | readonly string[];
  readonly during?: readonly FaultName[];
}

export interface Caller {
  readonly name: string;
  /** How many do so at a time. */
  readonly count: number;
  /** The longest pause between two calls. */
  readonly pauseMs: number;
  readonly excuses: Excuses;
  /** Makes one of them, which keeps what it needs between calls. */
  readonly open: (world: World) => Call;
}

export interface Call {
  /** Does what the caller does, once. */
  readonly run: () => Promise<Outcome>;
  /** Gives back what is kept. */
  readonly close?: () => Promise<void>;
}

export interface World {
  readonly url: (server: string) => string;
  readonly agent: Agent;
  readonly random: Random;
}

/** How long the gateway takes to its first answer, and what it occupies when idle. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuUs, residentBytes } from './cpu-time.ts';
import { median } from './figures.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';

/** Medians over `runs` starts. */
export interface StartUp {
  readonly runs: number;
  /** From the start of the process to the first right answer to a `tools/call` through it. */
  readonly firstAnswerMs: number;
  /** Processor time until then. */
  readonly cpuMs: number;
  /** Resident memory a second after that answer. */
  readonly idleBytes: number;
}

const SETTLE_MS = 1_000;

/** Starts the gateway `runs` times, one after the other. */
export const measureStartUp = async (options: GatewayOptions, runs: number): Promise<StartUp> => {
  const firstAnswersMs: number[] = [];
  const cpusMs: number[] = [];
  const idleBytes: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await using gateway = await startGateway(options);
    cpusMs.push(cpuUs([gateway.pid]) / 1e3);
    await delay(SETTLE_MS);
    firstAnswersMs.push(gateway.firstAnswerMs);
    idleBytes.push(residentBytes(gateway.pid));
  }
  return {
    runs,
    firstAnswerMs: median(firstAnswersMs),
    cpuMs: median(cpusMs),
    idleBytes: median(idleBytes),
  };
};

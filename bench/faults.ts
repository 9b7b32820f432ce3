/**
 * `node bench/faults.ts [--rounds <n>] [--write]`: what calls of one upstream notice while another one refuses, hangs,
 * dribbles, resets or answers nonsense, compared with one that answers as many calls. `--write` keeps the figures in
 * bench/faults.json, which docs/performance.md is written from.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { FAULT_FILE, type FaultFigures, faultTable } from './fault-figures.ts';
import { measureFaultLatency } from './fault-latency.ts';
import { gatewayProgram } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { ROOMY_FLAGS } from './target.ts';
import { openWorkplace } from './workplace.ts';

const LOAD = {
  windows: 3,
  windowMs: 450,
  warmMs: 450,
  perSecond: 2_000,
  disturbingPerSecond: 200,
  connections: 32,
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    write: { type: 'boolean', default: false },
  },
});
await using workplace = await openWorkplace(ROOMY_FLAGS);
const { folder, cores, upstream } = workplace;
const options = { folder, upstreamPort: upstream.port, program: gatewayProgram() };
const load = { ...LOAD, rounds: Number(values.rounds) };
const latencies = await measureFaultLatency(cores, options, upstream.pid, load);
const figures: FaultFigures = {
  date: new Date().toISOString().slice(0, 10),
  machine: describeMachine(),
  method:
    `${load.rounds} rounds of ${load.windows} windows of ${load.windowMs / 1000} s each, in turn: ${load.perSecond} calls a ` +
    `second of a sound upstream on ${load.connections} connections, whatever becomes of those before, ` +
    `${load.disturbingPerSecond} a second of the other one, which has 400 ms for each`,
  latencies: Object.fromEntries(latencies),
};
const { text, passed } = faultTable(figures);
console.log(`${figures.machine}\n${figures.method}\n\n${text}`);
if (values.write) await writeFile(FAULT_FILE, `${JSON.stringify(figures, undefined, 2)}\n`);
process.exitCode = passed ? 0 : 1;

/**
 * `node bench/faults.ts [--rounds <n>] [--only <what>,<what>] [--write]`: what calls of one upstream notice while another
 * one refuses, hangs, dribbles, resets or answers nonsense, compared with right before and after, when that answers as
 * many calls. `--write` keeps the figures in bench/faults.json, beside those of what was not measured, and in
 * docs/performance.md.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  FAULT_COMMAND,
  FAULT_FILE,
  type FaultFigures,
  faultSection,
  faultTable,
  readFaultFigures,
} from './fault-figures.ts';
import { BESIDES, measureFaultLatency } from './fault-latency.ts';
import { gatewayProgram } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { writeSection } from './page-section.ts';
import { ROOMY_FLAGS } from './target.ts';
import { openWorkplace } from './workplace.ts';

const LOAD = {
  windows: 2,
  windowMs: 450,
  warmMs: 450,
  perSecond: 2_000,
  disturbingPerSecond: 200,
  connections: 32,
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
const besides = BESIDES.filter((beside) => only === undefined || only.includes(beside));
await using workplace = await openWorkplace(ROOMY_FLAGS);
const { folder, cores, upstream } = workplace;
const options = { folder, upstreamPort: upstream.port, program: gatewayProgram() };
const load = { ...LOAD, besides, rounds: Number(values.rounds) };
const latencies = await measureFaultLatency(cores, options, upstream.pid, load);
const measured: FaultFigures = {
  date: new Date().toISOString().slice(0, 10),
  machine: describeMachine(),
  method:
    `${load.rounds} rounds of ${load.windows} windows of ${load.windowMs / 1000} s each, in turn, with as many ` +
    `without a fault before and after: ${load.perSecond} calls a second of a sound upstream on ${load.connections} ` +
    `connections, whatever becomes of those before, ${load.disturbingPerSecond} a second of the other one, which has ` +
    '400 ms for each',
  latencies: Object.fromEntries(latencies),
};
const before = values.write ? readFaultFigures() : undefined;
const isOfOneKind = before?.method === measured.method && before.machine === measured.machine;
const figures = isOfOneKind
  ? { ...measured, latencies: { ...before.latencies, ...measured.latencies } }
  : measured;
const { text, passed } = faultTable(figures);
console.log(`${figures.machine}\n${figures.method}\n\n${text}`);
if (values.write) {
  await writeFile(FAULT_FILE, `${JSON.stringify(figures, undefined, 2)}\n`);
  await writeSection('docs/performance.md', FAULT_COMMAND, faultSection(figures));
}
process.exitCode = passed ? 0 : 1;

/** `node bench/reload.ts`: what callers notice of reloads, and what a reload of thousands of upstreams costs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './figures.ts';
import { gatewayProgram } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { chooseCores } from './pinned-process.ts';
import { measureReloadLatency } from './reload-latency.ts';
import { type LargeReload, measureLargeReloads } from './reload-stalls.ts';
import { formatTable } from './table.ts';
import { startProgram } from './target.ts';

const LATENCY = { rounds: 5, windowMs: 3_000, perSecond: 1_500, connections: 64, pauseMs: 100 };
const LARGE_ROUNDS = 5;
const P99_RATIO = 2;
const BRING_MS = 1_000;
const STALL_MS = 50;

const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
const cores = chooseCores();
const upstream = stack.use(await startProgram(cores.load, 'upstream.ts'));
const options = { folder, upstreamPort: upstream.port, program: gatewayProgram() };

const medianBy = (
  reloads: readonly LargeReload[],
  figure: Exclude<keyof LargeReload, 'differs' | 'workers'>,
): number => median(reloads.map((reload) => reload[figure]));

const latency = await measureReloadLatency(cores, options, upstream.pid, LATENCY);
const largeOptions = { ...options, core: cores.proxy };
const large = [
  ...(await measureLargeReloads(largeOptions, LARGE_ROUNDS, 2)),
  ...(await measureLargeReloads(largeOptions, LARGE_ROUNDS, 1)),
];
const ratio = latency.reloadingP99Ms / latency.quietP99Ms;
const bringMs = medianBy(large, 'bringMs');
const stallMs = medianBy(large, 'servingWallMs');
const verdict = (isFine: boolean): string => (isFine ? 'pass' : 'FAIL');

console.log(`${describeMachine()}; ${options.program}; two threads, all on one core\n`);
console.log(
  formatTable({
    head: [
      'reload of 2,000 upstreams',
      'compile ms',
      'of CPU',
      'prepare and swap ms',
      'of CPU',
      'longest stall ms',
      'of CPU',
    ],
    rows: (['one', 'all'] as const).map((differs) => {
      const these = large.filter((reload) => reload.differs === differs);
      return [
        `${differs} changed`,
        medianBy(these, 'compileMs').toFixed(0),
        medianBy(these, 'compilingCpuMs').toFixed(0),
        medianBy(these, 'bringMs').toFixed(0),
        medianBy(these, 'bringCpuMs').toFixed(0),
        medianBy(these, 'servingWallMs').toFixed(1),
        medianBy(these, 'servingCpuMs').toFixed(1),
      ];
    }),
  }),
);
console.log(
  `\n${formatTable({
    head: ['budget', 'at most', 'measured', 'verdict'],
    rows: [
      [
        'p99 during reloads ÷ without',
        `${P99_RATIO} ×`,
        `${ratio.toFixed(2)} ×`,
        verdict(ratio <= P99_RATIO),
      ],
      ['prepare and swap', `${BRING_MS} ms`, `${bringMs.toFixed(0)} ms`, verdict(bringMs <= BRING_MS)],
      [
        'longest stall of a serving thread',
        `${STALL_MS} ms`,
        `${stallMs.toFixed(1)} ms`,
        verdict(stallMs <= STALL_MS),
      ],
    ],
  })}`,
);
console.log(
  `\np99 ${latency.quietP99Ms.toFixed(2)} ms without and ${latency.reloadingP99Ms.toFixed(2)} ms during ${latency.reloads} ` +
    `reloads; ${latency.requests} calls, all answered.`,
);

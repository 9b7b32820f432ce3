/**
 * `node bench/reload.ts [--write]`: what callers notice of reloads, and what a reload of thousands of upstreams costs,
 * with one thread that serves and with two. With `--write` into docs/operations.md. Exits with 1 over a budget.
 */
import { gatewayProgram } from './gateway-program.ts';
import { describeMachine } from './machine.ts';
import { writeSection } from './page-section.ts';
import { measureReloadLatency, type ReloadLatency } from './reload-latency.ts';
import { isWithinBudgets, reloadReport } from './reload-report.ts';
import { type LargeReload, measureLargeReloads } from './reload-stalls.ts';
import { openWorkplace } from './workplace.ts';

const LATENCY = { rounds: 5, windowMs: 3_000, perSecond: 1_500, connections: 64, pauseMs: 100 };
const LARGE_ROUNDS = 5;

await using workplace = await openWorkplace();
const { folder, cores, upstream } = workplace;
const options = { folder, upstreamPort: upstream.port, program: gatewayProgram() };

const latencies: ReloadLatency[] = [];
const large: LargeReload[] = [];
for (const workers of [1, 2] as const) {
  latencies.push(await measureReloadLatency(cores, options, upstream.pid, { workers, ...LATENCY }));
  // Nothing but the gateway runs then: it has both cores, as it has on a machine of its own.
  const core = [cores.proxy, cores.load];
  large.push(...(await measureLargeReloads({ ...options, core }, LARGE_ROUNDS, workers)));
}
const origin = `${describeMachine()}; ${options.program}; ${new Date().toISOString().slice(0, 10)}`;
const figures = { origin, latencies, perSecond: LATENCY.perSecond, large };
const text = reloadReport(figures);
console.log(text);
if (process.argv.includes('--write'))
  await writeSection('docs/operations.md', 'node scripts/bootstrap.mjs bench/reload.ts --write', text);
if (!isWithinBudgets(figures)) process.exitCode = 1;

/** `node bench/compile.ts`: what the compiler costs over a large configuration, and a check of the default one. */
import { spawnSync } from 'node:child_process';
import { COMPILE_BUDGETS, largeCosts } from './compile-cost.ts';
import { median } from './figures.ts';
import { packageFile } from './gateway-program.ts';

const STARTS = 9;
const DEFAULT_CHECK_MS = 350;

const wallOf = (): number => {
  const startMs = performance.now();
  spawnSync(process.execPath, [packageFile('bin/gatewright.mjs'), 'check', packageFile('gateway.yaml')]);
  return performance.now() - startMs;
};

const line = (what: string, value: number, budget: number, unit: string): string =>
  `${value <= budget ? 'ok    ' : 'FAILED'} ${what}: ${value.toFixed(0)} ${unit}, at most ${budget}`;

const { check, plan } = largeCosts();
const startMs = median(Array.from({ length: STARTS }, wallOf));
console.log(line('check of a large file, clock', check.wallMs, COMPILE_BUDGETS.checkMs, 'ms'));
console.log(line('check of a large file, CPU', check.cpuMs, COMPILE_BUDGETS.checkMs, 'ms'));
console.log(
  line('check of a large file, memory', check.residentBytes / 1e6, COMPILE_BUDGETS.residentBytes / 1e6, 'MB'),
);
console.log(line('plan of one line of it, clock', plan.wallMs, COMPILE_BUDGETS.planMs, 'ms'));
console.log(line('plan of one line of it, CPU', plan.cpuMs, COMPILE_BUDGETS.planMs, 'ms'));
console.log(
  line(`check of the default file, process and all, median of ${STARTS}`, startMs, DEFAULT_CHECK_MS, 'ms'),
);

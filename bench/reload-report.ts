/** What was measured of reloads, as a part of a page. */
import { median } from './figures.ts';
import type { ReloadLatency } from './reload-latency.ts';
import type { LargeReload } from './reload-stalls.ts';
import { formatTable } from './table.ts';

export interface ReloadFigures {
  /** Date, machine and program. */
  readonly origin: string;
  readonly latency: ReloadLatency;
  readonly perSecond: number;
  readonly large: readonly LargeReload[];
}

const P99_RATIO = 2;
const BRING_MS = 1_000;
const STALL_MS = 50;

type Figure = Exclude<keyof LargeReload, 'differs' | 'workers'>;

const medianBy = (reloads: readonly LargeReload[], figure: Figure): number =>
  median(reloads.map((reload) => reload[figure]));

const verdict = (isFine: boolean): string => (isFine ? 'pass' : 'FAIL');

const COLUMNS = [
  ['compile ms', 'compileMs'],
  ['of CPU', 'compilingCpuMs'],
  ['prepare and swap ms', 'bringMs'],
  ['longest stall ms', 'servingWallMs'],
  ['of CPU', 'servingCpuMs'],
] as const satisfies readonly (readonly [string, Figure])[];

const largeTable = (large: readonly LargeReload[]): string =>
  formatTable({
    head: ['reload of 2,000 upstreams', ...COLUMNS.map(([title]) => title)],
    rows: ([2, 1] as const).flatMap((workers) =>
      (['one', 'all'] as const).map((differs) => {
        const these = large.filter((reload) => reload.workers === workers && reload.differs === differs);
        return [
          `\`workers: ${workers}\`, ${differs} changed`,
          ...COLUMNS.map(([, figure]) => medianBy(these, figure).toFixed(figure.endsWith('CpuMs') ? 1 : 0)),
        ];
      }),
    ),
  });

const budgetTable = ({ latency, large }: ReloadFigures): string => {
  const ratio = latency.reloadingP99Ms / latency.quietP99Ms;
  const bringMs = medianBy(large, 'bringMs');
  const stallMs = medianBy(large, 'servingWallMs');
  return formatTable({
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
  });
};

/** Medians. All threads of the gateway share one core. */
export const reloadReport = (figures: ReloadFigures): string => {
  const { origin, latency, perSecond, large } = figures;
  return `${origin}; all threads on one core, medians. While it is reloaded over and over, two threads answer
${perSecond.toLocaleString('en-US')} calls a second: the 99th percentile is ${latency.quietP99Ms.toFixed(2)} ms without and ${latency.reloadingP99Ms.toFixed(2)} ms during ${latency.reloads} reloads of
a small file; ${latency.requests.toLocaleString('en-US')} calls, all answered.

${largeTable(large)}

${budgetTable(figures)}`;
};

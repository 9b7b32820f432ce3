/** What was measured of reloads, as a part of a page. */
import type { Workers } from './gateway-configuration.ts';
import type { ReloadLatency } from './reload-latency.ts';
import { DIFFERS, type Differs, type LargeReload } from './reload-stalls.ts';
import { formatTable } from './table.ts';

export interface ReloadFigures {
  /** Date, machine and program. */
  readonly origin: string;
  /** One for each number of threads. */
  readonly latencies: readonly ReloadLatency[];
  readonly perSecond: number;
  readonly large: readonly LargeReload[];
}

interface Budget {
  readonly title: string;
  readonly unit: '×' | 'ms';
  readonly atMost: number;
  readonly measured: number;
}

const P99_RATIO = 2;
const BRING_MS = 1_000;
const STALL_MS = 50;

type Figure = Exclude<keyof LargeReload, 'differs' | 'workers'>;

const longest = (reloads: readonly LargeReload[], figure: Figure): number =>
  Math.max(...reloads.map((reload) => reload[figure]));

const COLUMNS = [
  ['compile ms', 'compileMs'],
  ['of CPU', 'compilingCpuMs'],
  ['prepare and swap ms', 'bringMs'],
  ['longest stall ms', 'servingWallMs'],
  ['of CPU', 'servingCpuMs'],
] as const satisfies readonly (readonly [string, Figure])[];

const SAID: Readonly<Record<Differs, string>> = {
  one: 'one changed',
  all: 'all changed',
  grown: 'all new, by a file named anew',
};

const largeTable = ({ latencies, large }: ReloadFigures): string =>
  formatTable({
    head: ['reload of 2,000 upstreams', ...COLUMNS.map(([title]) => title)],
    rows: latencies.flatMap(({ workers }) =>
      DIFFERS.map((differs) => {
        const these = large.filter((reload) => reload.workers === workers && reload.differs === differs);
        return [
          `\`workers: ${workers}\`, ${SAID[differs]}`,
          ...COLUMNS.map(([, figure]) => longest(these, figure).toFixed(figure.endsWith('CpuMs') ? 1 : 0)),
        ];
      }),
    ),
  });

const budgetsFor = (latency: ReloadLatency, large: readonly LargeReload[]): readonly Budget[] => {
  const named = (title: string): string => `${title}, \`workers: ${latency.workers}\``;
  return [
    {
      title: named('p99 during reloads ÷ without'),
      unit: '×',
      atMost: P99_RATIO,
      measured: latency.reloadingP99Ms / latency.quietP99Ms,
    },
    {
      title: named('prepare and swap'),
      unit: 'ms',
      atMost: BRING_MS,
      measured: longest(
        large.filter(({ differs }) => differs !== 'grown'),
        'bringMs',
      ),
    },
    {
      title: named('prepare and swap, all new'),
      unit: 'ms',
      atMost: BRING_MS,
      measured: longest(
        large.filter(({ differs }) => differs === 'grown'),
        'bringMs',
      ),
    },
    {
      title: named('longest stall of a serving thread'),
      unit: 'ms',
      atMost: STALL_MS,
      measured: longest(large, 'servingWallMs'),
    },
  ];
};

const budgetsOf = ({ latencies, large }: ReloadFigures): readonly Budget[] =>
  latencies.flatMap((latency) =>
    budgetsFor(
      latency,
      large.filter(({ workers }) => workers === latency.workers),
    ),
  );

const isKept = ({ measured, atMost }: Budget): boolean => measured <= atMost;

/** Whether every budget is kept by the longest that was measured, and the ratio by its median. */
export const isWithinBudgets = (figures: ReloadFigures): boolean => budgetsOf(figures).every(isKept);

const budgetTable = (figures: ReloadFigures): string =>
  formatTable({
    head: ['budget', 'at most', 'measured', 'verdict'],
    rows: budgetsOf(figures).map((budget) => [
      budget.title,
      `${budget.atMost} ${budget.unit}`,
      `${budget.measured.toFixed(budget.unit === '×' ? 2 : 1)} ${budget.unit}`,
      isKept(budget) ? 'pass' : 'FAIL',
    ]),
  });

const THREADS: Readonly<Record<Workers, string>> = { 1: 'one thread answers', 2: 'two threads answer' };

const latencyLine = ({ workers, quietP99Ms, reloadingP99Ms, reloads, requests }: ReloadLatency): string =>
  `- ${THREADS[workers]}: ${quietP99Ms.toFixed(2)} ms without, ${reloadingP99Ms.toFixed(2)} ms during ${reloads} reloads; ${requests.toLocaleString('en-US')} calls, all answered.`;

/** Under load all threads of the gateway share one core; alone it has two. */
export const reloadReport = (figures: ReloadFigures): string => {
  const { origin, latencies, perSecond } = figures;
  return `${origin}; all threads on one core. The 99th percentile of ${perSecond.toLocaleString('en-US')} calls a second,
alone and while a small file is reloaded over and over (medians of the rounds), where

${latencies.map(latencyLine).join('\n')}

The longest of all rounds, without load, with two cores:

${largeTable(figures)}

${budgetTable(figures)}`;
};

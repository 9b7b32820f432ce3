/** What the gateway may cost. */
import { ratioOf } from './figures.ts';
import type { Lists } from './lists.ts';
import { CORES_FOR_TWO_THREADS } from './pinned-process.ts';
import type { Samples } from './rounds.ts';
import type { StartUp } from './start-up.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { HalfLoad } from './traffic.ts';

/** Names of the targets that budgets speak of. */
export const NAMES = {
  direct: 'direct',
  nginx: 'nginx',
  nginxLarge: 'nginx, 1 MB results',
  floor: 'floor',
  bare: 'gateway bare',
  twoThreads: 'gateway bare, two threads',
  bareStream: 'gateway bare, SSE replies',
  bareLarge: 'gateway bare, 1 MB results',
  secure: 'gateway secure',
  bareLegacy: 'gateway bare, 2025-11-25',
  secureLegacy: 'gateway secure, 2025-11-25',
  toLegacy: 'gateway bare, 2026-07-28 to 2025-11-25',
  toModern: 'gateway bare, 2025-11-25 to 2026-07-28',
  api: 'gateway bare, OpenAPI of 1 operation',
  apiOf500: 'gateway bare, OpenAPI of 500 operations',
} as const;

const BARE_TO_FLOOR = 1.15;
const SECURE_TO_FLOOR = 1.6;
const BARE_TO_NGINX = 2.5;
const SECURE_TO_NGINX = 3.5;
/** Where the floor costs more of nginx than this, the machine is not one to compare with nginx on. */
const FLOOR_TO_NGINX = 2.4;
const P99_TO_NGINX = 3;
const LARGE_TO_NGINX = 2;
const STREAM_TO_JSON = 1.3;
const LEGACY_TO_MODERN = 1.2;
const TWO_THREADS_TO_ONE = 1.15;
/** At least: what two threads do, where load and upstream leave them cores of their own. */
const TWO_THREADS_SPEED = 1.8;
const BRIDGED_TO_SAME_ERA = 1.5;
const API_OF_500_TO_ONE = 1.1;
const FIRST_ANSWER_MS = 600;
const IDLE_MB = 90;
const LIST_US = 200;
/** Resident and external memory of one idle subscription. */
const SUBSCRIPTION_KB = 20;

const kilobytesEach = (subscriptions: Subscriptions | undefined): number | undefined =>
  subscriptions && (subscriptions.residentBytesEach + subscriptions.externalBytesEach) / 1e3;

export interface Judgement {
  readonly budget: string;
  /** Both in `unit`. */
  readonly limit: number;
  readonly measured: number;
  readonly unit: '×' | 'ms' | 'MB' | 'KB' | 'µs';
  /** Whether the limit is the least that is wanted. */
  readonly isLeast: boolean;
  /** Undefined: not judged, for the reason that is told. */
  readonly passed: boolean | undefined;
  readonly why?: string | undefined;
}

/** All that a run has measured. */
export interface Measured {
  /** That the run could use. */
  readonly cores: number;
  readonly samples: Samples;
  readonly halfLoad: HalfLoad;
  readonly startUp: StartUp | undefined;
  readonly lists: Lists | undefined;
  readonly subscriptions: Subscriptions | undefined;
}

const SPEED_BUDGET = 'requests/s, two threads ÷ one';

type Row = readonly [
  budget: string,
  limit: number,
  measured: number | undefined,
  unit: Judgement['unit'],
  /** Why it is not judged, if it is not. */
  why?: string | undefined,
];

const floorText = (floor: number | undefined): string =>
  floor === undefined ? 'no floor' : `floor ${floor.toFixed(1)} × nginx`;

/** Ratios of CPU time per request. */
const cpuRows = (samples: Samples): readonly Row[] => {
  const cpu = (name: keyof typeof NAMES, reference: keyof typeof NAMES): number | undefined =>
    ratioOf(samples, NAMES[name], NAMES[reference], 'cpuUsPerRequest')?.median;
  const floor = cpu('floor', 'nginx');
  const why = floor !== undefined && floor <= FLOOR_TO_NGINX ? undefined : floorText(floor);
  return [
    ['CPU per request, bare ÷ floor', BARE_TO_FLOOR, cpu('bare', 'floor'), '×'],
    ['CPU per request, secure ÷ floor', SECURE_TO_FLOOR, cpu('secure', 'floor'), '×'],
    ['CPU per request, bare ÷ nginx', BARE_TO_NGINX, cpu('bare', 'nginx'), '×', why],
    ['CPU per request, secure ÷ nginx', SECURE_TO_NGINX, cpu('secure', 'nginx'), '×', why],
    ['CPU per result of 1 MB, bare ÷ nginx', LARGE_TO_NGINX, cpu('bareLarge', 'nginxLarge'), '×'],
    ['CPU per request, SSE ÷ JSON replies', STREAM_TO_JSON, cpu('bareStream', 'bare'), '×'],
    [
      'CPU per request, sessions of 2025-11-25 ÷ 2026-07-28',
      LEGACY_TO_MODERN,
      cpu('bareLegacy', 'bare'),
      '×',
    ],
    ['CPU per request, two threads ÷ one', TWO_THREADS_TO_ONE, cpu('twoThreads', 'bare'), '×'],
    ['CPU per request, to 2025-11-25 ÷ within 2026-07-28', BRIDGED_TO_SAME_ERA, cpu('toLegacy', 'bare'), '×'],
    [
      'CPU per request, to 2026-07-28 ÷ within 2025-11-25',
      BRIDGED_TO_SAME_ERA,
      cpu('toModern', 'bareLegacy'),
      '×',
    ],
    ['CPU per request, OpenAPI of 500 ÷ of 1 operation', API_OF_500_TO_ONE, cpu('apiOf500', 'api'), '×'],
  ];
};

/** What a second thread adds to the requests of a second. */
const speedRow = (samples: Samples, cores: number): Row => {
  const ratio = ratioOf(samples, NAMES.twoThreads, NAMES.bare, 'requestsPerSecond')?.median;
  const why =
    cores >= CORES_FOR_TWO_THREADS ? undefined : `${cores} cores of ${CORES_FOR_TWO_THREADS} that it takes`;
  return [SPEED_BUDGET, TWO_THREADS_SPEED, ratio, '×', why];
};

const latencyRows = (halfLoad: HalfLoad): readonly Row[] => {
  const nginx = halfLoad.get(NAMES.nginx);
  return (['bare', 'secure'] as const).map((name): Row => {
    const own = halfLoad.get(NAMES[name]);
    const ratio = own === undefined || nginx === undefined ? undefined : own / nginx;
    return [`p99 at half of saturation, ${name} ÷ nginx`, P99_TO_NGINX, ratio, '×'];
  });
};

/** Judges what was measured; `margin` loosens every limit so many times. What was not measured is not judged. */
export const judge = (
  { cores, samples, halfLoad, startUp, lists, subscriptions }: Measured,
  margin: number,
): readonly Judgement[] => {
  const rows: readonly Row[] = [
    ...cpuRows(samples),
    speedRow(samples, cores),
    ...latencyRows(halfLoad),
    ['exec to first tools/call result', FIRST_ANSWER_MS, startUp?.firstAnswerMs, 'ms'],
    [`CPU per tools/list of ${lists?.tools} tools, from cache`, LIST_US, lists?.cpuUsPerList, 'µs'],
    ['idle memory (RSS)', IDLE_MB, startUp === undefined ? undefined : startUp.idleBytes / 1e6, 'MB'],
    ['memory of an idle subscription', SUBSCRIPTION_KB, kilobytesEach(subscriptions), 'KB'],
  ];
  return rows.flatMap(([budget, base, measured, unit, why]) => {
    if (measured === undefined) return [];
    const isLeast = budget === SPEED_BUDGET;
    const limit = isLeast ? base / margin : base * margin;
    const passed = isLeast ? measured >= limit : measured <= limit;
    return [{ budget, limit, measured, unit, isLeast, passed: why === undefined ? passed : undefined, why }];
  });
};

/** What the gateway may cost. */
import { ratioOf } from './figures.ts';
import type { Lists } from './lists.ts';
import type { Samples } from './rounds.ts';
import type { StartUp } from './start-up.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Names of the targets that budgets speak of. */
export const NAMES = {
  direct: 'direct',
  nginx: 'nginx',
  floor: 'floor',
  bare: 'gateway bare',
  secure: 'gateway secure',
  bareLegacy: 'gateway bare, 2025-11-25',
  secureLegacy: 'gateway secure, 2025-11-25',
  toLegacy: 'gateway bare, 2026-07-28 to 2025-11-25',
  toModern: 'gateway bare, 2025-11-25 to 2026-07-28',
  api: 'gateway bare, OpenAPI of 1 operation',
  apiOf500: 'gateway bare, OpenAPI of 500 operations',
} as const;

const BARE_TO_FLOOR = 1.6;
const SECURE_TO_FLOOR = 2.2;
const BRIDGED_TO_SAME_ERA = 1.5;
const API_OF_500_TO_ONE = 1.1;
const FIRST_ANSWER_MS = 1_000;
const IDLE_MB = 110;
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
  readonly passed: boolean;
}

/** Judges what was measured; `margin` multiplies every limit. What was not measured is not judged. */
export const judge = (
  samples: Samples,
  startUp: StartUp | undefined,
  margin: number,
  lists?: Lists,
  subscriptions?: Subscriptions,
): readonly Judgement[] => {
  const bare = ratioOf(samples, NAMES.bare, NAMES.floor, 'cpuUsPerRequest');
  const secure = ratioOf(samples, NAMES.secure, NAMES.floor, 'cpuUsPerRequest');
  const toLegacy = ratioOf(samples, NAMES.toLegacy, NAMES.bare, 'cpuUsPerRequest');
  const toModern = ratioOf(samples, NAMES.toModern, NAMES.bareLegacy, 'cpuUsPerRequest');
  const apiOf500 = ratioOf(samples, NAMES.apiOf500, NAMES.api, 'cpuUsPerRequest');
  const rows: readonly (readonly [string, number, number | undefined, Judgement['unit']])[] = [
    ['CPU per request, bare ÷ floor', BARE_TO_FLOOR, bare?.median, '×'],
    ['CPU per request, secure ÷ floor', SECURE_TO_FLOOR, secure?.median, '×'],
    ['CPU per request, to 2025-11-25 ÷ within 2026-07-28', BRIDGED_TO_SAME_ERA, toLegacy?.median, '×'],
    ['CPU per request, to 2026-07-28 ÷ within 2025-11-25', BRIDGED_TO_SAME_ERA, toModern?.median, '×'],
    ['CPU per request, OpenAPI of 500 ÷ of 1 operation', API_OF_500_TO_ONE, apiOf500?.median, '×'],
    ['exec to first tools/call result', FIRST_ANSWER_MS, startUp?.firstAnswerMs, 'ms'],
    [`CPU per tools/list of ${lists?.tools} tools, from cache`, LIST_US, lists?.cpuUsPerList, 'µs'],
    ['idle memory (RSS)', IDLE_MB, startUp === undefined ? undefined : startUp.idleBytes / 1e6, 'MB'],
    ['memory of an idle subscription', SUBSCRIPTION_KB, kilobytesEach(subscriptions), 'KB'],
  ];
  return rows.flatMap(([budget, base, measured, unit]) => {
    if (measured === undefined) return [];
    const limit = base * margin;
    return [{ budget, limit, measured, unit, passed: measured <= limit }];
  });
};

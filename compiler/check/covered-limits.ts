/** Limits that refuse nothing, because another that counts the same always refuses before. */
import { canonicalJson } from '../../schema/canonical-json.ts';
import { quotaPerWindow, ratePerPeriod } from '../../schema/unit.ts';
import { type GatewayData, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

type LimitData = GatewayData['limits'][string];
type CountingData = Extract<LimitData, { type: 'rate' | 'quota' }>;

/** How much a limit lets through: at once, and for each millisecond or in each window. */
type Room =
  | { readonly kind: 'rate'; readonly burst: number; readonly perMs: number }
  | { readonly kind: 'quota'; readonly count: number; readonly windowMs: number };

const isCounting = (limit: LimitData | undefined): limit is CountingData =>
  limit?.type === 'rate' || limit?.type === 'quota';

const roomOf = (limit: CountingData): Room | undefined => {
  if (limit.type === 'quota') {
    const quota = quotaPerWindow(String(limit.quota));
    return quota && { kind: 'quota', ...quota };
  }
  const rate = ratePerPeriod(String(limit.rate));
  return rate && { kind: 'rate', burst: limit.burst ?? rate.count, perMs: rate.count / rate.periodMs };
};

/** Whether what has passed `one` has always room in `other`. */
const isWithin = (one: Room, other: Room): boolean => {
  if (other.kind === 'rate')
    return one.kind === 'rate' && one.burst <= other.burst && one.perMs <= other.perMs;
  if (one.kind === 'rate') return one.burst + one.perMs * other.windowMs <= other.count;
  const windows = other.windowMs / one.windowMs;
  return Number.isInteger(windows) && one.count * windows <= other.count;
};

interface Counting {
  readonly name: string;
  readonly tools: readonly string[] | undefined;
  readonly room: Room;
  /** The lists that name it, by their number. */
  readonly lists: ReadonlySet<number>;
}

const isSubset = <T>(part: Iterable<T>, whole: ReadonlySet<T>): boolean =>
  [...part].every((each) => whole.has(each));

const countsAll = (one: Counting, other: Counting): boolean =>
  isSubset(other.lists, one.lists) &&
  (one.tools === undefined || (other.tools !== undefined && isSubset(other.tools, new Set(one.tools))));

const covers = (one: Counting, other: Counting): boolean =>
  isWithin(one.room, other.room) && countsAll(one, other);

/** Which lists name each limit. */
const listsOf = ({ servers, tenants }: GatewayData): ReadonlyMap<string, ReadonlySet<number>> => {
  const lists = new Map<string, Set<number>>();
  for (const [number, { limits = [] }] of [...Object.values(servers), ...Object.values(tenants)].entries())
    for (const name of limits) lists.set(name, (lists.get(name) ?? new Set()).add(number));
  return lists;
};

/** Limits that count under the same key at the same cost. */
const alike = (data: GatewayData): readonly (readonly Counting[])[] => {
  const lists = listsOf(data);
  const groups = new Map<string, Counting[]>();
  for (const [name, limit] of Object.entries(data.limits)) {
    const named = lists.get(name);
    const room = isCounting(limit) ? roomOf(limit) : undefined;
    if (!isCounting(limit) || named === undefined || room === undefined) continue;
    const how = canonicalJson([[...limit.key!].sort(), limit.cost ?? {}]);
    const group = groups.get(how) ?? [];
    groups.set(how, group);
    group.push({ name, tools: limit.tools, room, lists: named });
  }
  return [...groups.values()];
};

export const checkCoveredLimits: Check = (config, report) => {
  for (const group of alike(config.data)) {
    for (const each of group) {
      const by = group.find(
        (other) => other !== each && covers(other, each) && (other.name < each.name || !covers(each, other)),
      );
      if (by === undefined) continue;
      const labels = [{ place: keyAt(config, 'limits', by.name), text: 'refuses before' }];
      report('GW3173', keyAt(config, 'limits', each.name), { limit: each.name, by: by.name }, { labels });
    }
  }
};

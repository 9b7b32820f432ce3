/** What requests cost can be paid, and is asked for. */
import { featureOf } from '../../policies/features/features.ts';
import { quotaPerWindow, ratePerPeriod } from '../../schema/unit.ts';
import { type Configuration, type GatewayData, keyAt, placeAt } from '../configuration.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Check } from './check.ts';
import { extensionMethods } from './extension-methods.ts';

type LimitData = GatewayData['limits'][string];

/** Methods that limits count: all that clients may ask, but for `ping`. */
export const COUNTED_METHODS: readonly string[] = [
  'completion/complete',
  'initialize',
  'logging/setLevel',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
  'tools/call',
  'tools/list',
];

/** What a limit has when nothing was taken of it; undefined where it counts nothing, or is not known. */
const mostOf = (limit: LimitData): number | undefined => {
  if (limit.type === 'rate') return limit.burst ?? ratePerPeriod(String(limit.rate))?.count;
  return limit.type === 'quota' ? quotaPerWindow(String(limit.quota))?.count : undefined;
};

/** The feature of a method, if it is off at every server whose requests a limit counts. */
const featureOff = ({ data }: Configuration, limit: string, method: string): string | undefined => {
  const feature = featureOf(method);
  const isOfTenants = Object.values(data.tenants).some(({ limits = [] }) => limits.includes(limit));
  const counted = Object.values(data.servers).filter(
    ({ limits = [] }) => isOfTenants || limits.includes(limit),
  );
  if (feature === undefined || counted.length === 0) return undefined;
  return counted.every(({ features }) => features?.[feature] === false) ? feature : undefined;
};

const checkMethod = (config: Configuration, limit: string, method: string, report: Report): void => {
  if (method === '*') return;
  const methods = [...COUNTED_METHODS, ...extensionMethods(config)];
  const place = keyAt(config, 'limits', limit, 'cost', method);
  if (methods.includes(method)) {
    const feature = featureOff(config, limit, method);
    if (feature !== undefined) report('GW2081', place, { limit, method, feature, nearest: undefined });
    return;
  }
  const near = nearest(method, methods);
  const fixes = meantFix(place, method, near, methods);
  report('GW2081', place, { limit, method, feature: undefined, nearest: near }, { fixes });
};

export const checkCosts: Check = (config, report) => {
  for (const [name, limit] of Object.entries(config.data.limits)) {
    const most = mostOf(limit);
    if (most === undefined || !('cost' in limit)) continue;
    for (const [method, cost] of Object.entries(limit.cost ?? {})) {
      if (cost > most)
        report('GW3171', placeAt(config, 'limits', name, 'cost', method), {
          limit: name,
          method,
          cost,
          most,
        });
      else if (limit.tools !== undefined && method !== 'tools/call' && method !== '*')
        report('GW3172', keyAt(config, 'limits', name, 'cost', method), { limit: name, method });
      else checkMethod(config, name, method, report);
    }
  }
};

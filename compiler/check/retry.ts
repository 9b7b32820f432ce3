/** Retries and hedges that come too late, or never. References are known later and not compared. */
import { isReference } from '../../schema/graph/graph.ts';
import { durationMs, durationText } from '../../schema/unit.ts';
import { type Configuration, type GatewayData, keyAt, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Check } from './check.ts';

type Upstream = GatewayData['upstreams'][string];

const knownMs = (value: unknown): number | undefined =>
  typeof value === 'string' && !isReference(value) ? durationMs(value) : undefined;

/** All delays at their longest. */
const delaysMs = ({ maxAttempts, backoff }: NonNullable<Upstream['retry']>): number | undefined => {
  const [baseMs, maxMs] = [knownMs(backoff!.base), knownMs(backoff!.max)];
  if (baseMs === undefined || maxMs === undefined || typeof maxAttempts !== 'number') return undefined;
  let sumMs = 0;
  for (let attempt = 1; attempt < maxAttempts; attempt += 1)
    sumMs += Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return sumMs;
};

const checkDelays = (config: Configuration, report: Report, name: string, upstream: Upstream): void => {
  const [sumMs, callMs] = [delaysMs(upstream.retry!), knownMs(upstream.timeouts!.call)];
  if (sumMs === undefined || callMs === undefined || sumMs < callMs) return;
  const data = { name, delays: durationText(sumMs), call: durationText(callMs) };
  report('GW3188', keyAt(config, 'upstreams', name, 'retry'), data);
};

const checkHedge = (config: Configuration, report: Report, name: string, upstream: Upstream): void => {
  if (upstream.type === 'stdio' || upstream.retry?.hedge === undefined) return;
  const { hedge } = upstream.retry;
  const path = ['upstreams', name, 'retry', 'hedge'] as const;
  if (upstream.type === 'http' && upstream.protocol!.era === 'legacy') {
    report('GW3211', keyAt(config, ...path), { name });
    return;
  }
  // Operations of an API go by their method.
  if (upstream.type === 'http' && upstream.trust!.annotations === 'ignore')
    report('GW3186', keyAt(config, ...path), { name });
  const within = upstream.timeouts!.firstByte ?? upstream.timeouts!.call!;
  const [afterMs, withinMs] = [knownMs(hedge.after), knownMs(within)];
  if (afterMs === undefined || withinMs === undefined || afterMs < withinMs) return;
  report('GW3187', placeAt(config, ...path, 'after'), { name, after: hedge.after, within });
};

export const checkRetries: Check = (config, report) => {
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (upstream.retry === undefined) continue;
    checkDelays(config, report, name, upstream);
    checkHedge(config, report, name, upstream);
  }
};

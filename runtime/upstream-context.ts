/** What upstreams are given of the gateway. */
import type { ServingOptions } from './serving-options.ts';
import type { UpstreamContext } from './upstream/context.ts';

/** `msToEnd`: until processes are killed. */
export const upstreamContextOf = (
  { log, metrics, baseDirectory, version }: ServingOptions,
  msToEnd: () => number,
): UpstreamContext => ({
  log: (level, message, fields) => log[level](message, fields),
  observer: {
    onBreaker: (upstream, state, tool) => log.warn('breaker changed', { upstream, tool, state }),
    onRetry: (upstream, condition) => metrics.upstreamRetry(upstream, condition),
    onHealth: (upstream, endpoint, healthy) =>
      log[healthy ? 'info' : 'warn']('endpoint changed', { upstream, endpoint, healthy }),
    onProcess: (upstream, event) => metrics.upstreamProcess(upstream, event),
  },
  baseDirectory,
  msToEnd,
  gateway: { name: 'gatewright', version },
});

/** A configuration from elsewhere, with its log lines and metrics. */
import type { Graph } from '../schema/graph/graph.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { SourceMetrics } from './observe/source-metrics.ts';
import type { Trust } from './reload/compile.ts';
import { Elsewhere, type ElsewhereOptions } from './reload/elsewhere/elsewhere.ts';

interface Around {
  readonly log: Log;
  readonly metrics: Metrics;
  /** What serves, if anything does. */
  readonly graph: () => Graph | undefined;
  readonly onChange: () => void;
}

/** What goes wrong at the start is told by its result, not in the log. */
export const openElsewhere = (
  options: ElsewhereOptions,
  trust: Trust | undefined,
  { log, metrics, graph, onChange }: Around,
): Elsewhere => {
  const sourceMetrics = new SourceMetrics();
  metrics.source = sourceMetrics;
  const { name } = options;
  return new Elsewhere(options, trust, {
    onChange,
    onAway: (problem) => {
      if (graph() === undefined) return;
      log.error('the configuration cannot be fetched: what serves serves on', { from: name, problem });
    },
    onBack: (failures) => log.info('the configuration can be fetched again', { from: name, failures }),
    onOlder: (publishedAtMs, beforeMs) =>
      log.warn('the configuration that serves now is older than the one before', {
        publishedAt: new Date(publishedAtMs).toISOString(),
        before: new Date(beforeMs).toISOString(),
      }),
    onFetch: (outcome, atMs) => sourceMetrics.fetched(outcome, atMs),
    isPolled: () => graph()?.reload.watch !== false,
  });
};

/** What a running gateway tells at its operations listener. */
import type { Graph } from '../schema/graph/graph.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { summarizeTraffic } from './observe/traffic-summary.ts';
import type { OpsSource, OpsStatus } from './ops/ops-source.ts';
import type { AcceptedArtifact } from './reload/compile.ts';
import type { Elsewhere } from './reload/elsewhere/elsewhere.ts';
import type { Reloader } from './reload/reloader.ts';
import { revoke } from './revocation/revoking.ts';
import type { Serving } from './serving.ts';
import type { Statement } from './state/stored-table.ts';
import type { PreparedTeam, Team } from './workers/team.ts';

/** A gateway from within, as it is at this moment. */
export interface Running {
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly team: Team;
  readonly serving: Serving;
  readonly reloader: Reloader<PreparedTeam>;
  readonly elsewhere: Elsewhere | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Makes the artifact of what serves. */
  readonly artifact: ((version: string) => AcceptedArtifact | undefined) | undefined;
  /** Whether something serves and goes on to. */
  readonly isReady: boolean;
}

const conditionOf = ({ reloader }: Running): OpsStatus['condition'] =>
  reloader.last?.isFallback === true ? 'degraded' : 'good';

const statusOf = (running: Running): OpsStatus => {
  const { version, startedAt, team, serving, elsewhere } = running;
  const { generation } = serving.current!;
  const { last } = running.reloader;
  return {
    version,
    artifactHash: generation.artifactHash,
    effectiveHash: generation.effectiveHash,
    condition: conditionOf(running),
    generation: generation.number,
    startedAt,
    ...(last === undefined ? undefined : { lastReload: last }),
    ...(elsewhere === undefined ? undefined : { source: elsewhere.state }),
    listeners: Array.from(team.urls, ([name, url]) => ({ name, url })),
    workers: team.workers,
    pressure: team.pressure.reasons,
    upstreams: team.upstreams,
    pinned: team.pinned,
    limits: team.limits,
    sessions: team.sessions,
  };
};

const graphOf = ({ serving }: Running): Graph => serving.current!.generation.graph;

/** `running` is asked at each request. */
export const opsSourceOf = (running: () => Running): OpsSource => ({
  refresh: () => running().team.refresh(),
  status: () => statusOf(running()),
  traffic: () => {
    const { metrics, team } = running();
    return summarizeTraffic(metrics.allTrafficText(team.counts));
  },
  graph: () => {
    const { artifact, version } = running();
    return artifact?.(version)?.text;
  },
  ready: () => {
    const now = running();
    const { isReady, team, reloader } = now;
    const { pressure } = team;
    return {
      ready: isReady && team.workers.running > 0 && !pressure.everywhere,
      detail: {
        condition: conditionOf(now),
        lastReload: reloader.last?.result ?? 'none',
        draining: team.draining,
        workers: team.workers.running,
        pressure: pressure.reasons,
      },
    };
  },
  reload: () => running().reloader.reload('request'),
  reloadOver: (admits) =>
    running().reloader.reloadIf('request', () => admits(statusOf(running()).artifactHash)),
  get isReplicated() {
    return graphOf(running()).state !== undefined;
  },
  revoke: (body, by) => {
    const now = running();
    const { team, log } = now;
    const { revocations } = now.serving;
    const tellThreads = (statements: readonly Statement[]): Promise<void> => team.revoke(statements);
    return revoke({ revocations, identities: graphOf(now).identities, log, tellThreads }, body, by);
  },
  revocations: () => {
    const { revocations } = running().serving;
    return { isCurrent: revocations.isCurrent, revocations: revocations.list() };
  },
  metrics: () => {
    const { metrics, team } = running();
    return metrics.text(team.counts);
  },
});

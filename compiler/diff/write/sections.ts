/** The sections of gateway.yaml that are one thing each. */
import { DEFAULT_EVENT_LOOP_DELAY } from '../../../schema/config/pressure.ts';
import { DEFAULT_SUBSCRIPTIONS } from '../../../schema/config/reload.ts';
import type {
  Graph,
  ParkedNode,
  PeersNode,
  StateNode,
  SubscriptionsNode,
} from '../../../schema/graph/graph.ts';
import { duration, keyed, map, plain, secret, set, size, type WrittenMap } from '../written.ts';
import { bindText } from './listener.ts';

const writeBounds = ({ idleMs, absoluteMs, max, maxPerPrincipal }: ParkedNode) => ({
  idle: duration(idleMs),
  absolute: duration(absoluteMs),
  max: plain(max),
  maxPerPrincipal: plain(maxPerPrincipal),
});

const writePeers = ({ bind, advertise }: PeersNode): WrittenMap =>
  map({ bind: plain(bindText(bind)), advertise: plain(advertise) });

const writeSubscriptions = ({
  max,
  maxPerPrincipal,
}: SubscriptionsNode = DEFAULT_SUBSCRIPTIONS): WrittenMap =>
  map({ max: plain(max), maxPerPrincipal: plain(maxPerPrincipal) });

/** No fields where there is none. */
const writeState = (state: StateNode | undefined): WrittenMap =>
  state === undefined
    ? map({})
    : map({
        type: plain(state.type),
        url: plain(state.url),
        username: state.username === undefined ? undefined : plain(state.username),
        password: state.password === undefined ? undefined : secret(state.password),
        prefix: plain(state.prefix),
        timeout: duration(state.timeoutMs),
        onUnavailable: plain(state.onUnavailable),
        peers: state.peers === undefined ? undefined : writePeers(state.peers),
      });

/** By name; `gateway` holds the fields of the top level. */
export const writeSections = (graph: Graph): Readonly<Record<SectionName, WrittenMap>> => {
  const { telemetry, sealing, sessions, pressure, reload, shutdown } = graph;
  return {
    gateway: map({
      name: plain(graph.name),
      profile: plain(graph.profile),
      workers: plain(graph.workers ?? 1),
    }),
    tenants: map(
      Object.fromEntries(
        Object.values(graph.tenants ?? {}).map(({ name, match, limits }) => [
          name,
          map({ match: plain(match), limits: set(limits) }),
        ]),
      ),
    ),
    telemetry: map({
      log: map({
        level: plain(telemetry.log.level),
        format: plain(telemetry.log.format),
        access: plain(telemetry.log.access),
      }),
      metrics: map({ prometheus: plain(telemetry.metrics.prometheus) }),
    }),
    sealing: map({
      keys: keyed(
        sealing.keys.map((key) => {
          const item = secret(key);
          return { key: item.text, item };
        }),
        true,
      ),
    }),
    state: writeState(graph.state),
    sessions: map({
      ...writeBounds(sessions),
      parked: map(writeBounds(sessions.parked)),
      subscriptions: writeSubscriptions(sessions.subscriptions),
    }),
    pressure: map({
      memory: size(pressure?.memoryBytes),
      eventLoopDelay: duration(pressure?.eventLoopDelayMs) ?? plain(DEFAULT_EVENT_LOOP_DELAY),
    }),
    reload: map({
      watch: plain(reload.watch),
      drain: map({ window: duration(reload.drain.windowMs), deadline: duration(reload.drain.deadlineMs) }),
      onPolicyChange: plain(reload.onPolicyChange ?? 'recheck'),
      maxGenerations: plain(reload.maxGenerations),
    }),
    shutdown: map({ window: duration(shutdown.windowMs), deadline: duration(shutdown.deadlineMs) }),
  };
};

export const SECTION_NAMES = [
  'gateway',
  'tenants',
  'telemetry',
  'sealing',
  'state',
  'sessions',
  'pressure',
  'reload',
  'shutdown',
] as const;

export type SectionName = (typeof SECTION_NAMES)[number];

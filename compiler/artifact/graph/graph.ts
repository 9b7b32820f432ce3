/** A graph that is read. */
import { NAME_PATTERN } from '../../../schema/config/value.ts';
import type {
  Graph,
  ParkedNode,
  PeersNode,
  PressureNode,
  ReloadNode,
  SealingNode,
  SessionsNode,
  ShutdownNode,
  StateNode,
  SubscriptionsNode,
  TelemetryNode,
} from '../../../schema/graph/graph.ts';
import { GRAPH_FORMAT_VERSION } from '../../../schema/graph/graph.ts';
import {
  exactly,
  fields,
  flag,
  list,
  literal,
  number,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  wordOrCount,
} from '../shape.ts';
import { identityShape } from './identity.ts';
import { limitShape } from './limit.ts';
import { bindShape, listenerShape } from './listener.ts';
import { pinShape } from './pin.ts';
import { policyShape } from './policy.ts';
import { serverShape } from './server.ts';
import { tenantShape } from './tenant.ts';
import { upstreamShape } from './upstream.ts';

const NAME = new RegExp(NAME_PATTERN);

/** Entries by their name. */
const named = <T extends { readonly name: string }>(entry: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  record(
    {
      faultOf: (value, path) => {
        const fault = entry.faultOf(value, path);
        if (fault) return fault;
        const name = String(path.at(-1));
        return (value as T).name === name ? undefined : { path: [...path, 'name'], expected: `\`${name}\`` };
      },
    },
    NAME,
  );

const telemetry = fields<TelemetryNode>({
  log: fields<TelemetryNode['log']>({
    level: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    format: oneOf('json', 'pretty'),
    access: flag,
  }),
  metrics: fields<TelemetryNode['metrics']>({ prometheus: flag }),
});

const parked = fields<ParkedNode>({
  idleMs: number,
  absoluteMs: number,
  max: number,
  maxPerPrincipal: number,
});

const sessions = fields<SessionsNode>({
  idleMs: number,
  absoluteMs: number,
  max: number,
  maxPerPrincipal: number,
  parked,
  subscriptions: optional(fields<SubscriptionsNode>({ max: number, maxPerPrincipal: number })),
});

const state = fields<StateNode>({
  type: oneOf('valkey'),
  url: literal,
  username: optional(text),
  password: optional(text),
  prefix: literal,
  timeoutMs: number,
  onUnavailable: oneOf('deny', 'local'),
  peers: optional(fields<PeersNode>({ bind: bindShape, advertise: text })),
});

const pressure = fields<PressureNode>({
  memoryBytes: optional(number),
  eventLoopDelayMs: optional(number),
});

const reload = fields<ReloadNode>({
  watch: flag,
  drain: fields<ReloadNode['drain']>({ windowMs: number, deadlineMs: number }),
  onPolicyChange: optional(oneOf('drain', 'keep')),
  maxGenerations: number,
});

export const graphShape = fields<Graph>({
  formatVersion: exactly(GRAPH_FORMAT_VERSION),
  name: text,
  profile: oneOf('production', 'development'),
  workers: optional(wordOrCount('auto')),
  listeners: named(listenerShape),
  identities: named(identityShape),
  servers: named(serverShape),
  upstreams: named(upstreamShape),
  pins: optional(named(pinShape)),
  policies: named(policyShape),
  limits: named(limitShape),
  tenants: optional(named(tenantShape)),
  telemetry,
  sealing: fields<SealingNode>({ keys: list(text) }),
  state: optional(state),
  sessions,
  pressure: optional(pressure),
  reload,
  shutdown: fields<ShutdownNode>({ windowMs: number, deadlineMs: number }),
});

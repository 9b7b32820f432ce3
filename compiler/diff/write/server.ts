/** A server as gateway.yaml says it. */
import type { Graph } from '../../../schema/graph/graph.ts';
import type { RouteNode } from '../../../schema/graph/listener.ts';
import type { ExposeNode, Selection, ServerNode } from '../../../schema/graph/server.ts';
import {
  keyed,
  map,
  plain,
  sequence,
  set,
  size,
  type Written,
  type WrittenItem,
  type WrittenMap,
} from '../written.ts';
import { writeLabels, writeToolLabels } from './labels.ts';

const texts = (record: Readonly<Record<string, string>>): WrittenMap =>
  map(Object.fromEntries(Object.entries(record).map(([key, value]) => [key, plain(value)])));

const writeSelection = ({ allow, rename }: Selection, labels?: WrittenMap): Written =>
  allow.length === 0
    ? plain(false)
    : map({
        allow: set(allow),
        rename: Object.keys(rename).length === 0 ? undefined : texts(rename),
        labels,
      });

const writeExpose = (expose: ExposeNode): WrittenMap =>
  map({
    upstream: plain(expose.upstream),
    prefix: plain(expose.prefix === '' ? undefined : expose.prefix),
    tools: writeSelection(expose.tools, writeToolLabels(expose.toolLabels)),
    prompts: writeSelection(expose.prompts),
    resources: writeSelection(expose.resources),
    extensions: map(
      Object.fromEntries(
        Object.entries(expose.extensions).map(([extension, methods]) => [extension, set(methods)]),
      ),
    ),
  });

const placeItem = (at: ServerNode['at'][number]): WrittenItem => ({
  key: `${at.listener} ${at.path}`,
  item: map({ listener: plain(at.listener), path: plain(at.path) }),
});

/** Whether the transports beside the endpoint are served: they are routes of its listeners. */
export const transportsOf = ({ name, at }: ServerNode, graph: Graph) => {
  const speaks = (speech: RouteNode['speaks']): boolean =>
    at.some(({ listener }) =>
      graph.listeners[listener]!.routes.some((route) => route.server === name && route.speaks === speech),
    );
  return { legacySse: speaks('event-stream'), websocket: speaks('websocket') };
};

export const writeServer = (node: ServerNode, graph: Graph): WrittenMap => {
  const transports = transportsOf(node, graph);
  return map({
    at: keyed(node.at.map(placeItem), true),
    identity: sequence(node.identities),
    anonymous: plain(node.anonymous),
    protocol: map({
      versions: set(node.versions),
      legacySse: plain(transports.legacySse),
      websocket: plain(transports.websocket),
    }),
    oauth: map({ scopes: set(node.scopes) }),
    expose: keyed(
      node.expose.map((expose) => ({ key: expose.upstream, item: writeExpose(expose) })),
      true,
    ),
    features: map(
      Object.fromEntries(Object.entries(node.features).map(([feature, on]) => [feature, plain(on)])),
    ),
    lists: map({
      pageItems: plain(node.lists.pageItems),
      pageBytes: size(node.lists.pageBytes),
      paramHeaders: plain(node.lists.paramHeaders),
    }),
    headers: map({ deadline: plain(node.deadlineHeader) }),
    provenance: plain(node.provenance),
    policies: sequence(node.policies),
    limits: sequence(node.limits),
    labels: writeLabels(node.labels),
    instructions: plain(node.instructions),
  });
};

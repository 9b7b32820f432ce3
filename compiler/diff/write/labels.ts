/** Labels as gateway.yaml says them. */
import type { Labels } from '../../../schema/decision.ts';
import type { Graph } from '../../../schema/graph/graph.ts';
import type { ToolLabels } from '../../../schema/graph/server.ts';
import { map, plain, type WrittenMap } from '../written.ts';

export const writeLabels = (labels: Labels | undefined): WrittenMap | undefined =>
  labels && map(Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, plain(value)])));

/** By the names or globs of tools. */
export const writeToolLabels = (labels: readonly ToolLabels[] | undefined): WrittenMap | undefined =>
  labels && map(Object.fromEntries(labels.map((each) => [each.tools, writeLabels(each.labels)])));

/** The labels of upstreams, which the graph keeps where they are exposed. */
export const upstreamLabels = ({ servers }: Graph): ReadonlyMap<string, Labels> =>
  new Map(
    Object.values(servers).flatMap(({ expose }) =>
      expose.flatMap(({ upstream, labels }) => (labels === undefined ? [] : [[upstream, labels] as const])),
    ),
  );

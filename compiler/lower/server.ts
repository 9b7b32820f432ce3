/** Virtual servers: selections complete, revisions newest first. */
import type { ExposeNode, Selection, ServerNode, ToolLabels } from '../../schema/graph/server.ts';
import type { GatewayData } from '../configuration.ts';
import { given, toBytes } from './measure.ts';

type ServerData = GatewayData['servers'][string];
type ExposeData = ServerData['expose'][number];

const lowerSelection = (
  selection:
    | { readonly allow?: readonly string[]; readonly rename?: Readonly<Record<string, string>> }
    | false
    | undefined,
): Selection =>
  selection === false
    ? { allow: [], rename: {} }
    : { allow: selection?.allow ?? ['*'], rename: selection?.rename ?? {} };

/** The shorter a name or glob, the more general. */
const lowerToolLabels = (tools: ExposeData['tools']): readonly ToolLabels[] | undefined => {
  if (tools === false || tools?.labels === undefined) return undefined;
  return Object.entries(tools.labels)
    .map(([glob, labels]) => ({ tools: glob, labels }))
    .sort((a, b) => a.tools.length - b.tools.length || (a.tools < b.tools ? -1 : 1));
};

/** One share without the labels of its upstream: selections complete. */
export const lowerExpose = (expose: ExposeData): ExposeNode => ({
  upstream: expose.upstream,
  prefix: expose.prefix!,
  tools: lowerSelection(expose.tools),
  prompts: lowerSelection(expose.prompts),
  resources: lowerSelection(expose.resources),
  ...given('toolLabels', lowerToolLabels(expose.tools)),
  extensions: expose.extensions ?? {},
});

export const lowerServer = (
  server: ServerData,
  name: string,
  upstreams: GatewayData['upstreams'],
): ServerNode => ({
  kind: 'server',
  name,
  at: server.at.map(({ listener, path }) => ({ listener, path: path! })),
  identities: server.identity ?? [],
  anonymous: server.anonymous!,
  versions: [...new Set(server.protocol!.versions!)].sort().reverse(),
  scopes: server.oauth!.scopes!,
  expose: server.expose.map((expose) => ({
    ...lowerExpose(expose),
    ...given('labels', upstreams[expose.upstream]?.labels),
  })),
  features: server.features as ServerNode['features'],
  lists: {
    pageItems: server.lists!.pageItems!,
    pageBytes: toBytes(server.lists!.pageBytes!),
    paramHeaders: server.lists!.paramHeaders as ServerNode['lists']['paramHeaders'],
  },
  ...given('deadlineHeader', server.headers!.deadline?.toLowerCase()),
  provenance: server.provenance!,
  policies: server.policies!,
  limits: server.limits!,
  ...given('labels', server.labels),
  ...given('instructions', server.instructions),
});

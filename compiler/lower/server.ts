/** Virtual servers: selections complete, revisions newest first. */
import type { ExposeNode, Selection, ServerNode } from '../../schema/graph/server.ts';
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

/** One share: selections complete. */
export const lowerExpose = (expose: ExposeData): ExposeNode => ({
  upstream: expose.upstream,
  prefix: expose.prefix!,
  tools: lowerSelection(expose.tools),
  prompts: lowerSelection(expose.prompts),
  resources: lowerSelection(expose.resources),
  extensions: expose.extensions ?? {},
});

export const lowerServer = (server: ServerData, name: string): ServerNode => ({
  kind: 'server',
  name,
  at: server.at.map(({ listener, path }) => ({ listener, path: path! })),
  identities: server.identity ?? [],
  anonymous: server.anonymous!,
  versions: [...new Set(server.protocol!.versions!)].sort().reverse(),
  scopes: server.oauth!.scopes!,
  expose: server.expose.map(lowerExpose),
  features: server.features as ServerNode['features'],
  lists: {
    pageItems: server.lists!.pageItems!,
    pageBytes: toBytes(server.lists!.pageBytes!),
    paramHeaders: server.lists!.paramHeaders as ServerNode['lists']['paramHeaders'],
  },
  provenance: server.provenance!,
  policies: server.policies!,
  limits: server.limits!,
  ...given('instructions', server.instructions),
});

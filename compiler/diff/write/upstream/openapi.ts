/** `openapi` as gateway.yaml and the document say it: an operation by what its tool and its request are made of. */
import { DEFAULT_WAITING } from '../../../../schema/config/upstream/traffic.ts';
import { parseExactly } from '../../../../schema/escaped-keys.ts';
import type {
  ApiCredentials,
  OpenApiOperationNode,
  OpenApiUpstreamNode,
} from '../../../../schema/graph/upstream.ts';
import { digestOf, keyed, map, plain, secret, set, type Written, type WrittenMap } from '../../written.ts';
import { writeEndpoints } from './endpoints.ts';
import { writeHeaders } from './headers.ts';
import { writeTraffic } from './traffic.ts';

const writeCredentials = (credentials: ApiCredentials | undefined): WrittenMap | undefined => {
  switch (credentials?.type) {
    case undefined:
      return undefined;
    case 'bearer':
      return map({ type: plain('bearer'), token: secret(credentials.token) });
    case 'api-key':
      return map({
        type: plain('api-key'),
        in: plain(credentials.in),
        name: plain(credentials.name),
        key: secret(credentials.key),
      });
    case 'basic':
      return map({
        type: plain('basic'),
        username: plain(credentials.username),
        password: secret(credentials.password),
      });
  }
};

/** The only endpoint is the base URL. */
const writePlaces = (node: OpenApiUpstreamNode): Readonly<Record<string, Written | undefined>> =>
  node.endpoints.length > 1
    ? writeEndpoints(node)
    : { ...writeEndpoints(node), endpoints: undefined, baseUrl: plain(node.endpoints[0]) };

const pathText = ({ path, parameters }: OpenApiOperationNode): string =>
  path.map((piece) => (typeof piece === 'string' ? piece : `{${parameters[piece]?.name ?? piece}}`)).join('');

/** The members of a tool's definition, each as JSON. */
const writeTool = (tool: string): Readonly<Record<string, Written>> =>
  Object.fromEntries(
    Object.entries(parseExactly(tool) as Readonly<Record<string, unknown>>)
      .filter(([member]) => member !== 'name')
      .map(([member, value]) => [
        member,
        digestOf(typeof value === 'string' ? value : JSON.stringify(value), value),
      ]),
  );

const writeOperation = (operation: OpenApiOperationNode): WrittenMap =>
  map({
    request: plain(`${operation.method} ${pathText(operation)}`),
    ...writeTool(operation.tool),
    parameters: keyed(
      operation.parameters.map((parameter) => ({
        key: parameter.argument,
        item: digestOf(
          `${parameter.argument} in ${parameter.in} as ${parameter.name} (${parameter.style})`,
          parameter,
        ),
      })),
      false,
    ),
    body: operation.body && digestOf(operation.body.mediaType, operation.body),
    accept: plain(operation.accept),
  });

export const writeOpenApiUpstream = (node: OpenApiUpstreamNode): WrittenMap =>
  map({
    type: plain(node.type),
    spec: map({ title: plain(node.info.name), version: plain(node.info.version) }),
    operations: keyed(
      node.operations.map((operation) => ({ key: operation.name, item: writeOperation(operation) })),
      false,
    ),
    ...writePlaces(node),
    credentials: writeCredentials(node.credentials),
    headers: writeHeaders(node.headers),
    egress: map({ allow: set([...(node.egress.public ? ['public'] : []), ...node.egress.ranges]) }),
    tls: map({ ca: secret(node.tls.ca) }),
    connections: plain(node.connections),
    waiting: plain(node.waiting ?? DEFAULT_WAITING),
    ...writeTraffic(node),
  });

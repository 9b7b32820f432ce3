/** The document of an `openapi` upstream, from its own file: its operations as tools. */
import { isIP } from 'node:net';
import { prepareEgress } from '../../policies/egress/egress.ts';
import { isReference } from '../../schema/graph/graph.ts';
import type { OpenApiUpstreamNode } from '../../schema/graph/upstream.ts';
import { isLoopbackHost } from '../address.ts';
import { isOwnHeader } from '../check/upstream-headers.ts';
import { type Configuration, type GatewayData, isWritten, keyAt, placeAt } from '../configuration.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { baseUrlProblem, serverUrl } from '../openapi/base-url.ts';
import { memberOf, readSpecDocument, textOf } from '../openapi/document.ts';
import { type Operation, operationsIn, selected, toolName } from '../openapi/operations.ts';
import type { IsKept } from '../openapi/parameters.ts';
import { References } from '../openapi/reference.ts';
import { Schemas } from '../openapi/schemas.ts';
import { compileOperation } from '../openapi/tool.ts';
import type { Place, SourceFile } from '../source/source-file.ts';

/** The largest document that is read. */
export const MAX_SPEC_BYTES = 16 * 1024 * 1024;

/** What a document says of an API. */
export type ApiSpec = Pick<OpenApiUpstreamNode, 'info' | 'endpoints' | 'operations'>;

type OpenApiData = Extract<GatewayData['upstreams'][string], { type: 'openapi' }>;

/** One upstream while its document is read. */
interface Reading {
  readonly config: Configuration;
  readonly name: string;
  readonly upstream: OpenApiData;
  readonly references: References;
  readonly report: Report;
}

const checkPatterns = (
  { config, name, upstream, references, report }: Reading,
  all: readonly Operation[],
): void => {
  for (const [index, pattern] of (upstream.operations ?? []).entries()) {
    if (selected(all, [pattern]).length > 0) continue;
    const near = nearest(
      pattern,
      all.map(({ id }) => id),
    );
    const like = all.find(({ id }) => id === near);
    const place = placeAt(config, 'upstreams', name, 'operations', index);
    const labels =
      like === undefined
        ? []
        : [
            {
              place: references.document.placeOf([...like.found.path, 'operationId']),
              text: 'similar name defined here',
            },
          ];
    const fixes = meantFix(
      place,
      pattern,
      near,
      all.map(({ id }) => id),
    );
    report('GW3072', place, { pattern, nearest: near }, { labels, fixes });
  }
};

const checkToolNames = ({ references, report }: Reading, operations: readonly Operation[]): void => {
  const first = new Map<string, Operation>();
  const placeOf = ({ found }: Operation) => references.document.placeOf([...found.path, 'operationId']);
  for (const operation of operations) {
    const name = toolName(operation.id);
    const before = first.get(name);
    if (before === undefined) first.set(name, operation);
    else {
      const labels = [{ place: placeOf(before), text: 'first given here' }];
      report('GW3074', placeOf(operation), { id: operation.id, name }, { labels });
    }
  }
};

/** Servers of single paths and operations would be other hosts: they count only where the configuration names one for all. */
const checkServers = (
  { config, name, references, report }: Reading,
  operations: readonly Operation[],
): void => {
  if (['baseUrl', 'endpoints'].some((field) => isWritten(config, 'upstreams', name, field))) return;
  for (const { id, pathItem, found } of operations) {
    const owner = [found, pathItem].find(({ value }) => memberOf(value, 'servers') !== undefined);
    if (owner === undefined) continue;
    const path = [...owner.path, 'servers'];
    references.once(path, () =>
      report('GW3077', references.document.placeOf(path), {
        name,
        problem: `operation \`${id}\` has servers of its own`,
      }),
    );
  }
};

/** A URL, and where it stands for those who have something to say about it. */
interface FoundUrl {
  readonly url: string;
  readonly place: () => Place;
}

/** A base URL that the configuration names. */
const namedUrl = ({ name, report }: Reading, url: string, place: Place): readonly FoundUrl[] => {
  const problem = isReference(url) ? undefined : baseUrlProblem(url);
  if (problem !== undefined) report('GW3077', place, { name, problem });
  return problem === undefined ? [{ url, place: () => place }] : [];
};

/** What the paths of the document are appended to; nothing, with findings, if that is not known. */
const baseUrlsOf = (reading: Reading): readonly FoundUrl[] => {
  const { config, name, upstream, references, report } = reading;
  const { document } = references;
  if (upstream.endpoints !== undefined)
    return upstream.endpoints.flatMap((url, at) =>
      namedUrl(reading, url, placeAt(config, 'upstreams', name, 'endpoints', at)),
    );
  if (upstream.baseUrl !== undefined)
    return namedUrl(reading, upstream.baseUrl, placeAt(config, 'upstreams', name, 'baseUrl'));
  const server = serverUrl(document);
  if (server.kind === 'found') return [{ url: server.url, place: () => document.placeOf(server.path) }];
  const [place, problem] =
    server.kind === 'missing'
      ? [placeAt(config, 'upstreams', name, 'spec'), 'the document names no server']
      : [document.placeOf(server.path), `\`${server.url}\` cannot be used: ${server.problem}`];
  report('GW3077', place, { name, problem });
  return [];
};

const LOOPBACK = ['127.0.0.1', '::1'];

/** A host that is an address, or this machine, is known to be refused before anybody calls. */
const checkEgress = ({ upstream, report }: Reading, { url, place }: FoundUrl): void => {
  if (isReference(url)) return;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const known = isIP(host) !== 0 ? [host] : isLoopbackHost(host) ? LOOPBACK : undefined;
  const allow = upstream.egress!.allow!;
  const egress = prepareEgress({
    public: allow.includes('public'),
    ranges: allow.filter((range) => range !== 'public'),
  });
  if (known !== undefined && !known.some(egress)) report('GW3080', place(), { host, allow });
};

/** What can be the name of a header (RFC 9110, token). */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Whether the gateway sends a header or parameter itself, or nobody may: then it is no argument of a tool. */
const keptNames = ({ headers, credentials }: OpenApiData): IsKept => {
  const lower = (name: string) => name.toLowerCase();
  const own = new Set([
    'authorization',
    'cookie',
    ...headers!.forward!.map(lower),
    ...Object.keys(headers!.set ?? {}).map(lower),
    ...(headers!.deadline === undefined ? [] : [lower(headers!.deadline)]),
  ]);
  const key = credentials?.type === 'api-key' ? credentials : undefined;
  if (key?.in === 'header') own.add(key.name.toLowerCase());
  return (place, name) => {
    if (place === 'header') return !TOKEN.test(name) || own.has(lower(name)) || isOwnHeader(lower(name));
    if (place === 'cookie')
      return headers!.set !== undefined && Object.keys(headers!.set).some((each) => lower(each) === 'cookie');
    return place === 'query' && key?.in === 'query' && key.name === name;
  };
};

const infoOf = ({ references, name }: Reading): ApiSpec['info'] => {
  const info = memberOf(references.document.root, 'info');
  return { name: textOf(info, 'title') ?? name, version: String(memberOf(info, 'version') ?? '') };
};

/** What the document of upstream `name` says; undefined, with findings, if it cannot be used. */
export const readOpenApiFile = (
  file: SourceFile,
  config: Configuration,
  name: string,
  upstream: OpenApiData,
  report: Report,
): ApiSpec | undefined => {
  const document = readSpecDocument(file, report);
  if (document === undefined) return undefined;
  const reading: Reading = { config, name, upstream, references: new References(document, report), report };
  const { references } = reading;
  const { named, nameless } = operationsIn(references);
  if (upstream.operations === undefined) {
    for (const { method, template, found } of nameless)
      report('GW3073', document.placeOf(found.path), { operation: `${method} ${template}` });
  }
  checkPatterns(reading, named);
  const chosen = selected(named, upstream.operations);
  if (named.length === 0) report('GW3081', keyAt(config, 'upstreams', name, 'spec'), { name });
  checkToolNames(reading, chosen);
  checkServers(reading, chosen);
  const bases = baseUrlsOf(reading);
  for (const base of bases) checkEgress(reading, base);
  const schemas = new Schemas(references);
  const isKept = keptNames(upstream);
  const operations = chosen.map((operation) => compileOperation(operation, references, schemas, isKept));
  if (bases.length === 0) return undefined;
  return { info: infoOf(reading), endpoints: bases.map(({ url }) => url), operations };
};

/** Every name that a test gives is one of the configuration or of the file. */
import type { Graph } from '../../schema/graph/graph.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import type { TestFile } from '../../schema/test-file/test-file.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { instantMs } from '../parse/format/date-time.ts';
import { anchorPlaceAt, keyPlaceAt, type Path, type SourceMap, valueAt } from '../source/tree.ts';

/** A file of tests of the right shape. */
export interface ParsedTests {
  readonly data: TestFile;
  readonly tree: SourceMap;
  readonly graph: Graph;
}

/** Callers that need no entry in `principals`. */
const NOBODY = 'anonymous';

/** The value at a path, or what leads to it. */
export const placeOf = (tree: SourceMap, path: Path) =>
  valueAt(tree, path)?.place ?? anchorPlaceAt(tree, path);

type Tell = (what: string, name: string, known: readonly string[], path: Path, isKey?: boolean) => void;

const checkPrincipals = ({ data, tree, graph }: ParsedTests, tell: Tell, report: Report): void => {
  for (const [name, { identity, claims, key }] of Object.entries(data.principals ?? {})) {
    const path = ['principals', name];
    if ((claims === undefined) === (key === undefined)) {
      report('GW1045', anchorPlaceAt(tree, path), { name, found: claims === undefined ? 'neither' : 'both' });
      continue;
    }
    const type = key === undefined ? 'jwt' : 'api-key';
    const fitting = Object.values(graph.identities).filter((node) => node.type === type);
    const known = fitting.map((node) => node.name);
    if (identity !== undefined && !known.includes(identity))
      tell(type === 'jwt' ? 'identity for claims' : 'identity for keys', identity, known, [
        ...path,
        'identity',
      ]);
    if (key === undefined) continue;
    const own = fitting.filter((node) => identity === undefined || node.name === identity);
    const ids = own.flatMap((node) => (node.type === 'api-key' ? node.keys.map(({ id }) => id) : []));
    if (own.length > 0 && !ids.includes(key)) tell('API key', key, ids, [...path, 'key']);
  }
};

const checkCaller = ({ data, graph }: ParsedTests, server: ServerNode, index: number, tell: Tell): void => {
  const { as } = data.cases[index]!;
  const principals = data.principals ?? {};
  const path = ['cases', index, 'as'];
  if (as === undefined || as === NOBODY) return;
  const principal = Object.hasOwn(principals, as) ? principals[as] : undefined;
  if (principal === undefined) {
    tell('principal', as, [...Object.keys(principals), NOBODY], path);
    return;
  }
  if (principal.identity !== undefined) return;
  // One of several is not chosen for the reader.
  const type = principal.key === undefined ? 'jwt' : 'api-key';
  const fitting = Object.values(graph.identities).filter((node) => node.type === type);
  const own = fitting.filter(({ name }) => server.identities.includes(name));
  if ((own.length === 0 ? fitting : own).length !== 1)
    tell(
      'identity of principal',
      as,
      fitting.map(({ name }) => name),
      path,
    );
};

const serverOf = ({ data, graph }: ParsedTests, index: number, tell: Tell): ServerNode | undefined => {
  const { server } = data.cases[index]!;
  const known = Object.keys(graph.servers);
  if (server === undefined) {
    if (known.length === 1) return graph.servers[known[0]!];
    tell('server', '(none given)', known, ['cases', index, 'name']);
    return undefined;
  }
  if (Object.hasOwn(graph.servers, server)) return graph.servers[server];
  tell('server', server, known, ['cases', index, 'server']);
  return undefined;
};

const checkCase = (tests: ParsedTests, index: number, tell: Tell): void => {
  const { listener, expect } = tests.data.cases[index]!;
  const path = ['cases', index];
  const server = serverOf(tests, index, tell);
  if (server === undefined) return;
  const listeners = server.at.map((place) => place.listener);
  if (listener !== undefined && !listeners.includes(listener))
    tell('listener', listener, listeners, [...path, 'listener']);
  checkCaller(tests, server, index, tell);
  const { by, upstream } = expect;
  if (by !== undefined && !server.policies.includes(by))
    tell(`policy of server \`${server.name}\``, by, server.policies, [...path, 'expect', 'by']);
  const upstreams = server.expose.map((expose) => expose.upstream);
  if (upstream !== undefined && !upstreams.includes(upstream))
    tell('upstream', upstream, upstreams, [...path, 'expect', 'upstream']);
};

const checkTimes = ({ data, tree }: ParsedTests, report: Report): void => {
  const paths: Path[] = [['clock'], ...data.cases.map((_, index) => ['cases', index, 'clock'])];
  for (const path of paths) {
    const value = valueAt(tree, path);
    if (value?.kind === 'scalar' && instantMs(String(value.value)) === undefined)
      report('GW3017', value.place, { text: String(value.value) });
  }
};

/** Reports names that there are not, callers that are none, and times that are none. */
export const checkNames = (tests: ParsedTests, report: Report): void => {
  const { data, tree, graph } = tests;
  const tell: Tell = (what, name, known, path, isKey = false) => {
    const near = nearest(name, known);
    const place = (isKey ? keyPlaceAt(tree, path) : undefined) ?? placeOf(tree, path);
    report('GW1040', place, { what, name, nearest: near, known });
  };
  checkTimes(tests, report);
  checkPrincipals(tests, tell, report);
  for (const name of Object.keys(data.upstreams ?? {}))
    if (!Object.hasOwn(graph.upstreams, name))
      tell('upstream', name, Object.keys(graph.upstreams), ['upstreams', name], true);
  for (const index of data.cases.keys()) checkCase(tests, index, tell);
};

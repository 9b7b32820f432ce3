/** Files of other programs, told by the keys at their top. */
import type { Place } from '../source/source-file.ts';
import type { SourceMap } from '../source/tree.ts';

interface Program {
  readonly name: string;
  /** Whether a file with these keys at its top is one of the program's. */
  readonly isIts: (keys: ReadonlySet<string>, root: SourceMap) => boolean;
  readonly key: RegExp;
  readonly help?: string;
}

const CLIENT_HELP =
  'declare each of its servers as an upstream in `upstreams`, and in `servers` what of them is served, and where';

const isMapWith = (root: SourceMap, key: string, inner: RegExp): boolean => {
  const value = root.entries.get(key)?.value;
  return value?.kind === 'map' && [...value.entries.keys()].some((each) => inner.test(each));
};

const hasData = (root: SourceMap): boolean => isMapWith(root, 'data', /\.ya?ml$/);

const PROGRAMS: readonly Program[] = [
  {
    name: 'a ConfigMap of Kubernetes',
    isIts: (keys, root) => keys.has('apiVersion') && keys.has('kind') && hasData(root),
    key: /^data$/,
    help: 'check the file that the ConfigMap is made of: the configuration is what stands inside `data`',
  },
  {
    name: 'a resource of Kubernetes',
    isIts: (keys) => keys.has('apiVersion') && keys.has('kind'),
    key: /^kind$/,
  },
  {
    name: 'an OpenAPI document',
    isIts: (keys) => keys.has('openapi') || keys.has('swagger'),
    key: /^(?:openapi|swagger)$/,
    help: 'name it as `spec` of an upstream of type `openapi`',
  },
  {
    name: 'a configuration of Envoy',
    isIts: (keys) => keys.has('static_resources') || keys.has('dynamic_resources'),
    key: /^(?:static|dynamic)_resources$/,
  },
  { name: 'a configuration of agentgateway', isIts: (keys) => keys.has('binds'), key: /^binds$/ },
  {
    name: 'a configuration of Traefik',
    isIts: (keys, root) =>
      keys.has('entryPoints') || isMapWith(root, 'http', /^(?:routers|services|middlewares)$/),
    key: /^(?:entryPoints|http)$/,
  },
  {
    name: 'a file of Docker Compose',
    isIts: (_, root) => isMapWith(root, 'services', /./),
    key: /^services$/,
  },
  {
    name: 'the file of an MCP client',
    isIts: (keys) => [...keys].some((key) => CLIENT_KEY.test(key)),
    key: /^mcp[-_]?servers$/i,
    help: CLIENT_HELP,
  },
];

/** The key of a client's file, which names by one word what are upstreams and servers here. */
const CLIENT_KEY = /^mcp[-_]?servers$/i;

/** What to do with such a key in a file that is otherwise one of this language. */
export const clientKeyAdvice = (key: string): string | undefined =>
  CLIENT_KEY.test(key) ? CLIENT_HELP : undefined;

/** What a file is, if it is another program's and has none of the sections of this language. */
export const foreignConfiguration = (
  root: SourceMap,
): { readonly place: Place; readonly what: string; readonly help: string | undefined } | undefined => {
  if (['listeners', 'upstreams'].some((section) => root.entries.has(section))) return undefined;
  const keys = new Set(root.entries.keys());
  const program = PROGRAMS.find(({ isIts }) => isIts(keys, root));
  const entry = program && [...root.entries.values()].find(({ key }) => program.key.test(key));
  return entry && { place: entry.keyPlace, what: program.name, help: program.help };
};

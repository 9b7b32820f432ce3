/** Whether all that a graph names is in it. */
import type { Graph } from '../../schema/graph/graph.ts';
import type { Path } from '../source/tree.ts';

type Section = 'listeners' | 'identities' | 'servers' | 'upstreams' | 'policies' | 'limits';

/** A name, where it stands, and where it must be defined. */
interface NameUse {
  readonly path: Path;
  readonly section: Section;
  readonly name: string;
}

const usesOf = (
  section: Section,
  names: readonly string[],
  pathOf: (index: number) => Path,
): readonly NameUse[] => names.map((name, index) => ({ path: pathOf(index), section, name }));

const namesIn = ({ listeners, servers, tenants = {} }: Graph): readonly NameUse[] => [
  ...Object.values(listeners).flatMap(({ name, identities, routes }) => {
    const at: Path = ['listeners', name];
    return [
      ...usesOf('identities', identities, (index) => [...at, 'identities', index]),
      ...usesOf(
        'servers',
        routes.map(({ server }) => server),
        (index) => [...at, 'routes', index, 'server'],
      ),
    ];
  }),
  ...Object.values(tenants).flatMap(({ name, limits }) =>
    usesOf('limits', limits, (index) => ['tenants', name, 'limits', index]),
  ),
  ...Object.values(servers).flatMap((server) => {
    const at: Path = ['servers', server.name];
    const lists = ['identities', 'policies', 'limits'] as const;
    return [
      ...lists.flatMap((list) => usesOf(list, server[list], (index) => [...at, list, index])),
      ...usesOf(
        'listeners',
        server.at.map(({ listener }) => listener),
        (index) => [...at, 'at', index, 'listener'],
      ),
      ...usesOf(
        'upstreams',
        server.expose.map(({ upstream }) => upstream),
        (index) => [...at, 'expose', index, 'upstream'],
      ),
    ];
  }),
];

/** The first name without a definition. */
export const danglingName = (graph: Graph): NameUse | undefined =>
  namesIn(graph).find(({ section, name }) => !Object.hasOwn(graph[section], name));

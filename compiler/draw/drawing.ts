/** A graph as boxes in columns and lines between them, without places: what every format draws. */

import type { Span } from '../../schema/diagnostic.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import { quotaText, rateText } from '../../schema/unit.ts';
import type { CompileResult } from '../compile.ts';
import { bindText } from '../diff/write/listener.ts';
import { plain } from '../diff/written.ts';
import { nearestPlace } from '../source/nearest-place.ts';

/** In the order of a call; identities and limits stand where they are asked. */
export const COLUMNS = ['listener', 'server', 'policy', 'upstream'] as const;

export type BoxKind = (typeof COLUMNS)[number];

export type Mark = 'added' | 'removed' | 'changed';

export interface Badge {
  readonly kind: 'identity' | 'limit' | 'anonymous';
  readonly text: string;
}

export interface Box {
  /** `server:engineering`. */
  readonly id: string;
  readonly kind: BoxKind;
  readonly name: string;
  /** What it is, on one line: an address, a type, a URL. */
  readonly detail: string;
  readonly badges: readonly Badge[];
  readonly place: Span | undefined;
  readonly mark: Mark | undefined;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  /** A path, a prefix. */
  readonly label: string;
  readonly mark: Mark | undefined;
}

export interface Drawing {
  readonly title: string;
  /** By column, and by name in each. */
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
}

/** What is drawn of one configuration. */
export interface DrawnGraph {
  readonly graph: Graph;
  readonly placeOf: CompileResult['placeOf'];
}

const SECTIONS: Readonly<Record<BoxKind, string>> = {
  listener: 'listeners',
  server: 'servers',
  policy: 'policies',
  upstream: 'upstreams',
};

const listenerBoxes = ({ listeners }: Graph): readonly Omit<Box, 'place' | 'mark'>[] =>
  Object.values(listeners).map(({ name, bind, tls, serve, identities }) => ({
    id: `listener:${name}`,
    kind: 'listener',
    name,
    detail: [
      bindText(bind),
      ...(tls === undefined ? [] : ['TLS']),
      ...(serve.length === 0 ? [] : [serve.join(' ')]),
    ].join(' · '),
    badges: identities.map((text) => ({ kind: 'identity', text })),
  }));

const limitText = (name: string, { limits }: Graph): string => {
  const limit = limits[name]!;
  switch (limit.type) {
    case 'rate':
      return `${name} ${rateText(limit.count, limit.periodMs)}`;
    case 'quota':
      return `${name} ${quotaText(limit.count, limit.windowMs)}`;
    case 'concurrency':
      return `${name} ${limit.max} at a time`;
    case 'bounds':
      return name;
  }
};

const serverBoxes = (graph: Graph): readonly Omit<Box, 'place' | 'mark'>[] =>
  Object.values(graph.servers).map((server) => ({
    id: `server:${server.name}`,
    kind: 'server',
    name: server.name,
    detail: [...new Set(server.at.map(({ path }) => path))].join(' '),
    badges: [
      ...(server.anonymous ? [{ kind: 'anonymous', text: 'anonymous' } as const] : []),
      ...server.identities.map((text) => ({ kind: 'identity', text }) as const),
      ...server.limits.map((name) => ({ kind: 'limit', text: limitText(name, graph) }) as const),
    ],
  }));

const policyBoxes = ({ policies }: Graph): readonly Omit<Box, 'place' | 'mark'>[] =>
  Object.values(policies).map((policy) => ({
    id: `policy:${policy.name}`,
    kind: 'policy',
    name: policy.name,
    detail:
      policy.type === 'cel'
        ? `${policy.effect} ${plain(policy.expression).text}`
        : `${policy.type}: ${Object.keys(policy.roles).join(', ')}`,
    badges: [],
  }));

/** The first, and how many there are besides. */
const endpointsText = ([first, ...more]: readonly string[]): string =>
  plain(first!).text + (more.length === 0 ? '' : ` and ${more.length} more`);

const upstreamBoxes = ({ upstreams }: Graph): readonly Omit<Box, 'place' | 'mark'>[] =>
  Object.values(upstreams).map((upstream) => {
    const where =
      upstream.type === 'stdio'
        ? [upstream.command, ...upstream.args].map((word) => plain(word).text).join(' ')
        : endpointsText(upstream.endpoints);
    return {
      id: `upstream:${upstream.name}`,
      kind: 'upstream',
      name: upstream.name,
      detail: `${upstream.type} · ${where}`,
      badges: [],
    };
  });

/** A call passes the policies of its server one after the other, and then goes to an upstream. */
const serverLines = (graph: Graph): readonly Omit<Line, 'mark'>[] =>
  Object.values(graph.servers).flatMap(({ name, at, policies, expose }) => {
    const server = `server:${name}`;
    return [
      ...at.map(({ listener, path }) => ({ from: `listener:${listener}`, to: server, label: path })),
      ...policies.map((policy, index) => ({
        from: server,
        to: `policy:${policy}`,
        label: String(index + 1),
      })),
      ...expose.map(({ upstream, prefix }) => ({ from: server, to: `upstream:${upstream}`, label: prefix })),
    ];
  });

const lineKey = ({ from, to }: Pick<Line, 'from' | 'to'>): string => `${from} ${to}`;

/** Lines between the same boxes are one, with all their labels. */
const merged = (lines: readonly Omit<Line, 'mark'>[]): ReadonlyMap<string, Omit<Line, 'mark'>> => {
  const result = new Map<string, Omit<Line, 'mark'>>();
  for (const line of lines) {
    const known = result.get(lineKey(line));
    const label = [known?.label ?? '', line.label].filter((text) => text !== '').join(' ');
    result.set(lineKey(line), { ...line, label });
  }
  return result;
};

const boxesOf = ({ graph, placeOf }: DrawnGraph): ReadonlyMap<string, Omit<Box, 'mark'>> => {
  const all = [listenerBoxes, serverBoxes, policyBoxes, upstreamBoxes].flatMap((of) => of(graph));
  return new Map(
    all.map((box) => [box.id, { ...box, place: nearestPlace(placeOf, [SECTIONS[box.kind], box.name]) }]),
  );
};

/** What is drawn of a graph, and with `before` what became of each box and line. */
export const drawingOf = (
  after: DrawnGraph,
  before: DrawnGraph | undefined,
  isChanged: (id: string) => boolean,
): Drawing => {
  const [boxes, lines] = [boxesOf(after), merged(serverLines(after.graph))];
  const oldBoxes = before && boxesOf(before);
  const oldLines = before && merged(serverLines(before.graph));
  const markOf = (isOld: boolean | undefined, isNew: boolean, changed: boolean): Mark | undefined => {
    if (isOld === undefined) return undefined;
    if (!isOld) return 'added';
    return isNew ? (changed ? 'changed' : undefined) : 'removed';
  };
  const rank = ({ kind }: Pick<Box, 'kind'>) => COLUMNS.indexOf(kind);
  return {
    title: plain(after.graph.name).text,
    boxes: [...new Map([...(oldBoxes ?? []), ...boxes]).values()]
      .map((box) => ({ ...box, mark: markOf(oldBoxes?.has(box.id), boxes.has(box.id), isChanged(box.id)) }))
      .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)),
    lines: [...new Map([...(oldLines ?? []), ...lines]).entries()]
      .map(([key, line]) => ({
        ...line,
        mark: markOf(oldLines?.has(key), lines.has(key), oldLines?.get(key)?.label !== line.label),
      }))
      .sort((a, b) => (lineKey(a) < lineKey(b) ? -1 : 1)),
  };
};

/** Only a box, and what a call passes before and after it. */
export const focused = (drawing: Drawing, id: string): Drawing => {
  const reach = (forward: boolean): ReadonlySet<string> => {
    const seen = new Set([id]);
    for (const at of seen)
      for (const { from, to } of drawing.lines) {
        if (forward && from === at) seen.add(to);
        if (!forward && to === at) seen.add(from);
      }
    return seen;
  };
  const kept = new Set([...reach(true), ...reach(false)]);
  return {
    ...drawing,
    boxes: drawing.boxes.filter((box) => kept.has(box.id)),
    lines: drawing.lines.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
};

/** Places for the boxes of a drawing: layers from left to right, in an order in which few lines cross. */
import { type Box, type BoxKind, COLUMNS, type Drawing, type Line } from './drawing.ts';
import { orderLayers } from './order.ts';
import { settle } from './settle.ts';
import { type BoxSize, type Density, sizeOf } from './size.ts';

export interface PlacedBox extends BoxSize {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** From the right side of one box to the left side of another, by way of points where it runs level. */
export interface PlacedLine {
  readonly line: Line;
  readonly points: readonly Point[];
  /** Whether there is room for its label, and no other line to the same box says the same above it. */
  readonly isLabelled: boolean;
}

export interface PlacedColumn {
  readonly kind: BoxKind;
  readonly x: number;
  readonly width: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly density: Density;
  readonly columns: readonly PlacedColumn[];
  readonly boxes: readonly PlacedBox[];
  readonly lines: readonly PlacedLine[];
}

/** Lines that end nearer to each other have no room for labels. */
const LABEL_STEP = 12;

const MARGIN = 32;
const TOP = 96;
const BOTTOM = 56;
/** Between columns, and between boxes of one. */
const GAPS: Readonly<Record<Density, readonly [across: number, down: number]>> = {
  roomy: [132, 18],
  dense: [176, 8],
  compact: [260, 5],
};
const LANE_HEIGHT = 4;

/** With more boxes than this in a column, boxes are drawn smaller. */
const MOST_ROOMY = 16;
const MOST_DENSE = 48;

/** What takes up room in a layer: a box, or the lane of a server's lines past a layer of others. */
interface Cell {
  readonly id: string;
  readonly height: number;
}

const isLane = (id: string): boolean => id.startsWith('lane:');

const laneOf = (server: string): string => `lane:${server}`;

interface Layers {
  readonly kinds: readonly BoxKind[];
  readonly cells: readonly (readonly Cell[])[];
  /** Between cells of neighbouring layers. */
  readonly links: readonly (readonly [from: string, to: string])[];
  /** The cells that each line passes. */
  readonly routes: ReadonlyMap<Line, readonly string[]>;
}

const layersOf = ({ boxes, lines }: Drawing, sizes: ReadonlyMap<string, BoxSize>): Layers => {
  const kinds = COLUMNS.filter((kind) => boxes.some((box) => box.kind === kind));
  const layerOf = new Map(boxes.map((box) => [box.id, kinds.indexOf(box.kind)]));
  const routes = new Map<Line, readonly string[]>();
  const lanes = new Set<string>();
  for (const line of lines) {
    const far = layerOf.get(line.to)! - layerOf.get(line.from)! > 1;
    if (far) lanes.add(laneOf(line.from));
    routes.set(line, far ? [line.from, laneOf(line.from), line.to] : [line.from, line.to]);
  }
  const links = new Map<string, readonly [string, string]>();
  for (const route of routes.values())
    for (const [index, to] of route.entries())
      if (index > 0) links.set(`${route[index - 1]} ${to}`, [route[index - 1]!, to]);
  const cells = kinds.map((kind) => [
    ...boxes.filter((box) => box.kind === kind).map(({ id }) => ({ id, height: sizes.get(id)!.height })),
    ...(kind === 'policy' ? [...lanes].sort().map((id) => ({ id, height: LANE_HEIGHT })) : []),
  ]);
  return { kinds, cells, links: [...links.values()], routes };
};

const centersOf = ({ cells, links }: Layers, gap: number): ReadonlyMap<string, number> => {
  const heights = new Map(cells.flat().map(({ id, height }) => [id, height]));
  const order = orderLayers(
    cells.map((layer) => layer.map(({ id }) => id)),
    links,
  );
  return settle(order, links, (above, below) => (heights.get(above)! + heights.get(below)!) / 2 + gap);
};

/** Where on a side of a box each of its lines ends: spread, in the order of what is at the other end. */
const portsOf = (
  ends: readonly { readonly line: Line; readonly other: number }[],
  center: number,
  height: number,
): ReadonlyMap<Line, number> => {
  const sorted = ends.toSorted((a, b) => a.other - b.other || (a.line.to < b.line.to ? -1 : 1));
  const step = Math.min(14, (height - 16) / Math.max(1, sorted.length));
  const first = center - (step * (sorted.length - 1)) / 2;
  return new Map(sorted.map(({ line }, index) => [line, first + step * index]));
};

const place = (
  drawing: Drawing,
  layers: Layers,
  sizes: ReadonlyMap<string, BoxSize>,
  density: Density,
): Layout => {
  const [gap, down] = GAPS[density];
  const centers = centersOf(layers, down);
  const heightOf = (id: string): number => sizes.get(id)?.height ?? LANE_HEIGHT;
  const top = Math.min(...[...centers].map(([id, center]) => center - heightOf(id) / 2));
  const yOf = (id: string): number => centers.get(id)! - top + TOP;
  const widths = layers.kinds.map((kind) =>
    Math.max(...drawing.boxes.filter((box) => box.kind === kind).map(({ id }) => sizes.get(id)!.width)),
  );
  const columns = layers.kinds.map((kind, index) => ({
    kind,
    x: MARGIN + widths.slice(0, index).reduce((sum, width) => sum + width + gap, 0),
    width: widths[index]!,
  }));
  const columnOf = new Map(columns.map((column) => [column.kind, column]));
  const boxes = drawing.boxes.map((box): PlacedBox => {
    const size = sizes.get(box.id)!;
    return { ...size, box, x: columnOf.get(box.kind)!.x, y: yOf(box.id) - size.height / 2 };
  });
  const last = columns.at(-1);
  return {
    width: last === undefined ? 2 * MARGIN : last.x + last.width + MARGIN,
    height:
      Math.max(TOP, ...boxes.map(({ y, height }) => y + height), ...[...centers.keys()].map(yOf)) + BOTTOM,
    density,
    columns,
    boxes,
    lines: placeLines(layers, boxes, columnOf.get('policy'), yOf),
  };
};

const placeLines = (
  { routes }: Layers,
  boxes: readonly PlacedBox[],
  middle: PlacedColumn | undefined,
  yOf: (id: string) => number,
): readonly PlacedLine[] => {
  const byId = new Map(boxes.map((box) => [box.box.id, box]));
  const outOf = Map.groupBy(routes, ([line]) => line.from);
  const into = Map.groupBy(routes, ([line]) => line.to);
  const ports = (groups: typeof outOf, at: 'from' | 'to') =>
    new Map(
      [...groups].flatMap(([id, group]) => {
        const ends = group.map(([line, route]) => ({
          line,
          other: yOf(at === 'from' ? route[1]! : route.at(-2)!),
        }));
        // Lines that share a lane leave as one.
        const lane = ends.find(({ line }) => isLane(routes.get(line)![1]!));
        const own =
          at === 'from' ? ends.filter((end) => end === lane || !isLane(routes.get(end.line)![1]!)) : ends;
        const found = portsOf(own, yOf(id), byId.get(id)!.height);
        return ends.map(({ line }) => [line, found.get(line) ?? found.get(lane!.line)!] as const);
      }),
    );
  const [starts, ends] = [ports(outOf, 'from'), ports(into, 'to')];
  const isLabelled = (line: Line): boolean => {
    const others = into
      .get(line.to)!
      .map(([other]) => other)
      .filter((other) => other !== line);
    const distances = others.map((other) => ends.get(other)! - ends.get(line)!);
    const isRoomy = distances.every((distance) => Math.abs(distance) >= LABEL_STEP);
    const isRepeated = others.some((other, index) => other.label === line.label && distances[index]! < 0);
    const isFirstOfMany = others.every(({ label }) => label === line.label) && !isRepeated;
    return (isRoomy && !isRepeated) || isFirstOfMany;
  };
  return [...routes].map(([line, route]) => {
    const [from, to] = [byId.get(line.from)!, byId.get(line.to)!];
    const lane = route.find(isLane);
    const through =
      lane === undefined || middle === undefined
        ? []
        : [
            { x: middle.x - 12, y: yOf(lane) },
            { x: middle.x + middle.width + 12, y: yOf(lane) },
          ];
    return {
      line,
      isLabelled: isLabelled(line),
      points: [{ x: from.x + from.width, y: starts.get(line)! }, ...through, { x: to.x, y: ends.get(line)! }],
    };
  });
};

/** The same drawing, the same places. Boxes never overlap, and no line runs through a box. */
export const layOut = (drawing: Drawing): Layout => {
  const counts = COLUMNS.map((kind) => drawing.boxes.filter((box) => box.kind === kind).length);
  const most = Math.max(...counts);
  const density = most > MOST_DENSE ? 'compact' : most > MOST_ROOMY ? 'dense' : 'roomy';
  const sizes = new Map(drawing.boxes.map((box) => [box.id, sizeOf(box, density)]));
  return place(drawing, layersOf(drawing, sizes), sizes, density);
};

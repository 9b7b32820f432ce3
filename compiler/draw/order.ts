/** The order of what stands in layers, so that few lines between neighbouring layers cross. */

type Layer = readonly string[];
type Link = readonly [from: string, to: string];

const SWEEPS = 12;

/** Beyond as many links, crossings are not counted: the last order is taken. */
const MAX_COUNTED = 4000;

const positionsOf = (layer: Layer): ReadonlyMap<string, number> =>
  new Map(layer.map((id, index) => [id, index]));

/** Pairs of links between two layers that cross. */
const crossingsBetween = (upper: Layer, lower: Layer, links: readonly Link[]): number => {
  const [from, to] = [positionsOf(upper), positionsOf(lower)];
  const ends = links
    .flatMap(([a, b]) => {
      const [start, end] = [from.get(a), to.get(b)];
      return start === undefined || end === undefined ? [] : [[start, end] as const];
    })
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, end]) => end);
  let crossings = 0;
  for (let i = 0; i < ends.length; i += 1)
    for (let j = i + 1; j < ends.length; j += 1) if (ends[j]! < ends[i]!) crossings += 1;
  return crossings;
};

const crossingsOf = (layers: readonly Layer[], links: readonly Link[]): number =>
  layers.slice(1).reduce((sum, layer, index) => sum + crossingsBetween(layers[index]!, layer, links), 0);

const neighboursBy = (links: readonly Link[], side: 0 | 1): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...Map.groupBy(links, (link) => link[side])].map(([id, group]) => [
      id,
      group.map((link) => link[1 - side]!),
    ]),
  );

/** Sorted by the mean place of neighbours in `fixed`, as a share of the layer; who has none keeps its place. */
const sortBy = (layer: Layer, fixed: Layer, neighbours: ReadonlyMap<string, readonly string[]>): Layer => {
  const places = positionsOf(fixed);
  const weighed = layer.map((id, index) => {
    const near = (neighbours.get(id) ?? []).flatMap((other) => places.get(other) ?? []);
    const own = (index + 0.5) / layer.length;
    const mean = near.reduce((sum, each) => sum + each, 0) / near.length;
    return { id, index, weight: near.length === 0 ? own : (mean + 0.5) / fixed.length };
  });
  return weighed.sort((a, b) => a.weight - b.weight || a.index - b.index).map(({ id }) => id);
};

/** The best order that sweeping to and fro finds. Deterministic. */
export const orderLayers = (layers: readonly Layer[], links: readonly Link[]): readonly Layer[] => {
  const [before, after] = [neighboursBy(links, 1), neighboursBy(links, 0)];
  const counts = links.length <= MAX_COUNTED;
  let current = [...layers];
  let best: readonly Layer[] = layers;
  let fewest = counts ? crossingsOf(layers, links) : Number.POSITIVE_INFINITY;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    current = [...current];
    if (sweep % 2 === 0)
      for (let at = 1; at < current.length; at += 1)
        current[at] = sortBy(current[at]!, current[at - 1]!, before);
    else
      for (let at = current.length - 2; at >= 0; at -= 1)
        current[at] = sortBy(current[at]!, current[at + 1]!, after);
    const crossings = counts ? crossingsOf(current, links) : 0;
    if (crossings < fewest || !counts) [best, fewest] = [current, crossings];
  }
  return best;
};

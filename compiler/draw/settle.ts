/** Heights for what stands in layers: as near to what it is linked with as the order and the room allow. */

type Link = readonly [from: string, to: string];

const ROUNDS = 10;

/** How far apart the centres of two that follow each other must be. */
export type Separation = (above: string, below: string) => number;

interface Block {
  readonly sum: number;
  readonly count: number;
}

/**
 * The centres nearest to `wanted` (least squares) that keep order and separation: blocks of neighbours that would
 * overlap are put where their mean wants to be.
 */
const keepApart = (
  layer: readonly string[],
  wanted: readonly number[],
  separation: Separation,
): readonly number[] => {
  let offset = 0;
  const offsets = layer.map((id, index) => {
    if (index > 0) offset += separation(layer[index - 1]!, id);
    return offset;
  });
  const blocks: Block[] = [];
  for (const [index, want] of wanted.entries()) {
    let block: Block = { sum: want - offsets[index]!, count: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum / last.count > block.sum / block.count;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = { sum: last.sum + block.sum, count: last.count + block.count };
    }
    blocks.push(block);
  }
  return blocks
    .flatMap(({ sum, count }) => Array<number>(count).fill(sum / count))
    .map((start, index) => start + offsets[index]!);
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The centre of each, from top to bottom. */
export const settle = (
  layers: readonly (readonly string[])[],
  links: readonly Link[],
  separation: Separation,
): ReadonlyMap<string, number> => {
  const near = new Map<string, string[]>();
  for (const [from, to] of links) {
    near.set(from, [...(near.get(from) ?? []), to]);
    near.set(to, [...(near.get(to) ?? []), from]);
  }
  const centers = new Map<string, number>();
  const put = (layer: readonly string[], wanted: readonly number[]): void => {
    const places = keepApart(layer, wanted, separation);
    for (const [index, id] of layer.entries()) centers.set(id, places[index]!);
  };
  for (const layer of layers)
    put(
      layer,
      layer.map(() => 0),
    );
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? layers : layers.toReversed();
    for (const layer of order) {
      const wanted = layer.map((id) => {
        const others = near.get(id) ?? [];
        return others.length === 0 ? centers.get(id)! : mean(others.map((other) => centers.get(other)!));
      });
      put(layer, wanted);
    }
  }
  return centers;
};

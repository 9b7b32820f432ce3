/** Draws a profile: each frame as wide as the time spent in it and what it calls, callees above their callers. */
import { type CpuProfile, frameName } from './cpu-profile.ts';

const WIDTH = 1600;
const ROW = 17;
const MIN_WIDTH = 0.4;
const CHARACTER = 6.6;
const NOT_BUSY: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/** What was on the stack together: calls of the same function from the same place are one frame. */
interface Frame {
  readonly name: string;
  us: number;
  readonly callees: Map<string, Frame>;
}

const newFrame = (name: string): Frame => ({ name, us: 0, callees: new Map() });

const calleeOf = (frame: Frame, name: string): Frame => {
  let callee = frame.callees.get(name);
  if (callee === undefined) {
    callee = newFrame(name);
    frame.callees.set(name, callee);
  }
  return callee;
};

/** The profile as a tree of frames; time in which the process was idle is left out. */
const framesOf = (profile: CpuProfile, root: string): Frame => {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const node of profile.nodes) {
    names.set(node.id, frameName(node, root));
    for (const child of node.children ?? []) parents.set(child, node.id);
  }
  const all = newFrame('all');
  profile.samples.forEach((id, index) => {
    const us = profile.timeDeltas[index] ?? 0;
    const path: string[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at))
      path.push(names.get(at) ?? '');
    if (path[0] === '(idle)') return;
    all.us += us;
    let frame = all;
    for (const name of path.reverse()) {
      if (NOT_BUSY.has(name)) continue;
      frame = calleeOf(frame, name);
      frame.us += us;
    }
  });
  return all;
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Own code, Node.js, libraries and the machine apart. */
const colour = (name: string): string => {
  if (name.includes('node_modules/')) return '#d9c36a';
  if (name.includes('node:')) return '#8fbf8f';
  return name.includes('  ') ? '#e08a5b' : '#b0b0b0';
};

const depthOf = (frame: Frame): number => 1 + Math.max(0, ...[...frame.callees.values()].map(depthOf));

/** An SVG that stands for itself; a frame tells its name and share when it is pointed at. `root` is cut off from places. */
export const flameGraph = (profile: CpuProfile, root: string, title: string): string => {
  const all = framesOf(profile, root);
  const height = (depthOf(all) + 2) * ROW;
  const boxes: string[] = [];
  const draw = (frame: Frame, x: number, row: number): void => {
    const width = (frame.us / all.us) * WIDTH;
    if (!(width >= MIN_WIDTH)) return;
    const y = height - (row + 1) * ROW;
    const told = escaped(`${frame.name}: ${((frame.us / all.us) * 100).toFixed(2)} %`);
    const room = Math.floor((width - 4) / CHARACTER);
    const label = room > 2 ? escaped(frame.name.slice(0, room)) : '';
    boxes.push(
      `<g><title>${told}</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour(frame.name)}"/><text x="${(x + 2).toFixed(1)}" y="${y + 12}">${label}</text></g>`,
    );
    let at = x;
    for (const callee of [...frame.callees.values()].toSorted((left, right) => right.us - left.us)) {
      draw(callee, at, row + 1);
      at += (callee.us / all.us) * WIDTH;
    }
  };
  draw(all, 0, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="monospace" font-size="11">
<title>${escaped(title)}</title><text x="4" y="13" font-size="13">${escaped(title)}</text>
${boxes.join('\n')}
</svg>
`;
};

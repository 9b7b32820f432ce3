/** `gatewright graph`: draws a configuration. Serves and changes nothing. */
import { nearest } from '../compiler/diagnostics/nearest.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { diffNodes } from '../compiler/diff/nodes.ts';
import { renderDot } from '../compiler/draw/dot.ts';
import { type Drawing, type DrawnGraph, drawingOf, focused } from '../compiler/draw/drawing.ts';
import { renderMermaid } from '../compiler/draw/mermaid.ts';
import { renderSvg } from '../compiler/draw/svg.ts';
import { parseArguments } from './arguments.ts';
import { commandOf } from './command-of.ts';
import { FINDINGS, OK } from './exit-code.ts';
import type { CommandIo } from './io.ts';
import { gitSpecOf, type LoadedGraph, loadGraph } from './load-graph.ts';
import { GRAPH } from './manual/graph.ts';
import { DEFAULT_MAIN } from './project-options.ts';

interface Options {
  readonly spec: string;
  readonly overlays: readonly string[];
  readonly format: string;
  readonly focus: string | undefined;
  readonly old: string | undefined;
}

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(args, GRAPH, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const spec = positionals[0] ?? DEFAULT_MAIN;
  const { plan, focus, format, overlay: overlays = [] } = values;
  const isBare = plan !== undefined && gitSpecOf(plan) !== undefined && gitSpecOf(plan)?.path === undefined;
  return { spec, overlays, format, focus, old: isBare && !spec.includes(':') ? `${plan}:${spec}` : plan };
};

/** The graph, or undefined once its findings are told. */
const load = async (spec: string, { overlays }: Options, io: CommandIo): Promise<LoadedGraph | undefined> => {
  const loaded = await loadGraph(spec, io, { overlays });
  if (loaded.compiled !== undefined) return loaded;
  const { diagnostics, textOf } = loaded;
  io.err(renderPretty(spec, diagnostics, { textOf, color: false }));
  return undefined;
};

const drawnOf = ({ compiled, placeOf }: LoadedGraph): DrawnGraph => ({ graph: compiled.graph, placeOf });

const draw = (after: LoadedGraph, before: LoadedGraph | undefined): Drawing => {
  if (before === undefined) return drawingOf(drawnOf(after), undefined, () => false);
  const changes = diffNodes(before.compiled.graph, after.compiled.graph);
  const changed = new Set(changes.map(({ kind, name }) => `${kind}:${name}`));
  return drawingOf(drawnOf(after), drawnOf(before), (id) => changed.has(id));
};

/** The box that is meant, by its name or by kind and name; or why it is none. */
const boxMeant = ({ boxes }: Drawing, name: string): { readonly id: string } | string => {
  const found = boxes.filter((box) => box.id === name || box.name === name);
  const [first, second] = found;
  if (second !== undefined) return `\`${name}\` is one of ${found.map(({ id }) => `\`${id}\``).join(', ')}`;
  if (first !== undefined) return { id: first.id };
  const near = nearest(
    name,
    boxes.flatMap((box) => [box.name, box.id]),
  );
  return `nothing is called \`${name}\`${near === undefined ? '' : `; did you mean \`${near}\`?`}`;
};

const render = (drawing: Drawing, { format, old }: Options): string => {
  switch (format) {
    case 'mermaid':
      return renderMermaid(drawing);
    case 'dot':
      return renderDot(drawing);
    default:
      return renderSvg(drawing, { isPlan: old !== undefined });
  }
};

const show = async (options: Options, io: CommandIo): Promise<number> => {
  const before = options.old === undefined ? undefined : await load(options.old, options, io);
  const after = await load(options.spec, options, io);
  if (after === undefined || (options.old !== undefined && before === undefined)) return FINDINGS;
  const whole = draw(after, before);
  const meant = options.focus === undefined ? undefined : boxMeant(whole, options.focus);
  if (typeof meant === 'string') {
    io.err(`error: ${meant}\n`);
    return FINDINGS;
  }
  io.out(render(meant === undefined ? whole : focused(whole, meant.id), options));
  return OK;
};

/** Exit code 0 for a drawing, 1 where a configuration has errors or lacks the node, 2 for the usage, 3 if a file or git fails. */
export const graph = commandOf({ name: 'graph', manual: GRAPH, parseOptions, run: show });

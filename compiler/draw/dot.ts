/** A drawing in the language of Graphviz. */
import { escapeHidden } from '../../schema/hidden-characters.ts';
import { type Box, COLUMNS, type Drawing, type Line, type Mark } from './drawing.ts';

/** A quoted string; a backslash is doubled, so that it begins no escape of Graphviz. */
const quoted = (text: string): string =>
  `"${escapeHidden(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\\\n')}"`;

const COLOURS: Readonly<Record<Box['kind'] | Mark, string>> = {
  listener: '#0e8f8a',
  server: '#4f5bd5',
  policy: '#c2780a',
  upstream: '#2f8f4e',
  added: '#1a8f45',
  removed: '#c93636',
  changed: '#b97a00',
};

const attributes = (values: Readonly<Record<string, string>>): string =>
  `[${Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')}]`;

const boxLine = (box: Box): string => {
  const badges = box.badges.map(({ text }) => text).join(', ');
  const place = box.place === undefined ? '' : `${box.place.file}:${box.place.line}`;
  const label = [box.name, box.detail, badges, place]
    .filter((part) => part !== '')
    .map((part) => quoted(part).slice(1, -1))
    .join('\\n');
  const colour = box.mark ?? box.kind;
  return `    ${quoted(box.id)} ${attributes({
    label: `"${label}"`,
    color: quoted(COLOURS[colour]),
    ...(box.mark === undefined ? {} : { penwidth: '2.5' }),
    ...(box.mark === 'removed' ? { style: '"rounded,dashed"' } : {}),
  })};`;
};

const edgeLine = ({ from, to, label, mark }: Line): string => {
  const values = {
    ...(label === '' ? {} : { label: quoted(label) }),
    ...(to.startsWith('policy:') || mark === 'removed' ? { style: 'dashed' } : {}),
    ...(mark === undefined ? {} : { color: quoted(COLOURS[mark]), penwidth: '2' }),
  };
  return `  ${quoted(from)} -> ${quoted(to)}${Object.keys(values).length === 0 ? '' : ` ${attributes(values)}`};`;
};

/** One digraph, from left to right, a rank for each kind. */
export const renderDot = ({ title, boxes, lines }: Drawing): string => {
  const ranks = COLUMNS.filter((kind) => boxes.some((box) => box.kind === kind)).flatMap((kind) => [
    '  {',
    '    rank=same;',
    ...boxes.filter((box) => box.kind === kind).map(boxLine),
    '  }',
  ]);
  return `${[
    `digraph ${quoted(title)} {`,
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
    ...ranks,
    ...lines.map(edgeLine),
    '}',
  ].join('\n')}\n`;
};

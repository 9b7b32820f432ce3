/** A drawing as a Mermaid flowchart, as GitHub and others show it. */
import { escapeHidden } from '../../schema/hidden-characters.ts';
import { type Box, type BoxKind, COLUMNS, type Drawing, type Line, type Mark } from './drawing.ts';

/** Mermaid reads entity codes in quoted texts, and nothing else once these characters are gone. */
const quoted = (text: string): string =>
  `"${escapeHidden(text)
    .replaceAll('\n', ' ')
    .replace(/[^\p{L}\p{N} ._/,\u00b7\u2192+=()-]/gu, (found) => `#${found.codePointAt(0)};`)}"`;

const HEADINGS: Readonly<Record<BoxKind, string>> = {
  listener: 'Listeners',
  server: 'Servers',
  policy: 'Policies',
  upstream: 'Upstreams',
};

const MARK_STYLES: Readonly<Record<Mark, string>> = {
  added: 'stroke:#1a8f45,stroke-width:3px',
  removed: 'stroke:#c93636,stroke-width:3px,stroke-dasharray:5 4',
  changed: 'stroke:#b97a00,stroke-width:3px',
};

const boxText = ({ name, detail, badges, place }: Box): string =>
  [
    name,
    detail,
    ...(badges.length === 0 ? [] : [badges.map(({ text }) => text).join(', ')]),
    ...(place === undefined ? [] : [`${place.file}:${place.line}`]),
  ]
    .filter((part) => part !== '')
    .map((part) => quoted(part).slice(1, -1))
    .join('<br/>');

/** Names in a flowchart are numbers: those of people may be words of its language. */
export const renderMermaid = ({ boxes, lines }: Drawing): string => {
  const ids = new Map(boxes.map(({ id }, index) => [id, `n${index}`]));
  const groups = COLUMNS.filter((kind) => boxes.some((box) => box.kind === kind)).flatMap((kind) => [
    `  subgraph ${kind}s["${HEADINGS[kind]}"]`,
    ...boxes.filter((box) => box.kind === kind).map((box) => `    ${ids.get(box.id)}["${boxText(box)}"]`),
    '  end',
  ]);
  const arrow = ({ from, to, label }: Line): string =>
    `  ${ids.get(from)} ${to.startsWith('policy:') ? '-.->' : '-->'}${label === '' ? '' : `|${quoted(label)}|`} ${ids.get(to)}`;
  const marks = (Object.keys(MARK_STYLES) as Mark[]).flatMap((mark) => {
    const marked = boxes.filter((box) => box.mark === mark).map(({ id }) => ids.get(id));
    return marked.length === 0
      ? []
      : [`  classDef ${mark} ${MARK_STYLES[mark]}`, `  class ${marked.join(',')} ${mark}`];
  });
  const lineMarks = lines.flatMap(({ mark }, index) =>
    mark === undefined ? [] : [`  linkStyle ${index} ${MARK_STYLES[mark]}`],
  );
  return `${['flowchart LR', ...groups, ...lines.map(arrow), ...marks, ...lineMarks].join('\n')}\n`;
};

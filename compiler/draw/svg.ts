/** A drawing as SVG that needs nothing else: light and dark, readable, told to those who cannot see it. */

import type { Span } from '../../schema/diagnostic.ts';
import { escapeHidden } from '../../schema/hidden-characters.ts';
import { type BoxKind, COLUMNS, type Drawing, type Mark } from './drawing.ts';
import { type Layout, layOut, type PlacedBox, type PlacedColumn, type PlacedLine } from './layout.ts';
import { BADGE_HEIGHT, type Density, fitText, PADDING, type PlacedBadge, textWidth } from './size.ts';
import { STYLE } from './style.ts';

const HEADINGS: Readonly<Record<BoxKind, string>> = {
  listener: 'Listeners',
  server: 'Servers',
  policy: 'Policies',
  upstream: 'Upstreams',
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeXml = (text: string): string =>
  escapeHidden(text)
    .replaceAll('\n', '\\n')
    .replace(/[&<>"']/g, (found) => ENTITIES[found]!);

const px = (value: number): string => String(Math.round(value * 10) / 10);

const placeText = (place: Span | undefined): string =>
  place === undefined ? '' : `${place.file.split('/').at(-1)}:${place.line}`;

const text = (className: string, x: number, y: number, content: string, attributes = ''): string =>
  `<text class="${className}" x="${px(x)}" y="${px(y)}"${attributes}>${escapeXml(content)}</text>`;

const titleOf = ({ box }: PlacedBox): string => {
  const place = box.place === undefined ? [] : [`${box.place.file}:${box.place.line}`];
  const badges = box.badges.map((badge) => `${badge.kind}: ${badge.text}`);
  const mark = box.mark === undefined ? [] : [box.mark];
  return [`${box.kind} ${box.name}`, box.detail, ...badges, ...place, ...mark]
    .filter((part) => part !== '')
    .join('\n');
};

const lines = (title: string): string => title.split('\n').map(escapeXml).join('&#10;');

const badgeMarkup = ({ kind, text: shown, title, x, width }: PlacedBadge, y: number): string =>
  `<g class="badge ${kind}"><title>${escapeXml(`${kind}: ${title}`)}</title><rect class="pill" x="${px(PADDING + x)}" y="${px(y)}" width="${px(width)}" height="${BADGE_HEIGHT}" rx="10"/>${text('badge-text', PADDING + x + 8, y + 14, shown)}</g>`;

/** What did not change steps back where something did. */
const markClass = (mark: Mark | undefined, isPlan: boolean): string => (isPlan ? ` ${mark ?? 'same'}` : '');

const NAME_FONT = 14;
const SMALL_FONT = 11;

/** Base lines of the texts in a box, and how far its stripe stays from its ends. */
const LEVELS: Readonly<
  Record<Density, { readonly nameY: number; readonly detailY: number | undefined; readonly inset: number }>
> = {
  roomy: { nameY: 26, detailY: 45, inset: 12 },
  dense: { nameY: 18, detailY: 33, inset: 9 },
  compact: { nameY: 17.5, detailY: undefined, inset: 6 },
};

const boxMarkup = (placed: PlacedBox, isPlan: boolean): string => {
  const { box, x, y, width, height, density, rows } = placed;
  const inner = width - 2 * PADDING;
  const place = fitText(placeText(box.place), SMALL_FONT, inner * 0.55);
  const nameWidth = inner - (place === '' ? 0 : textWidth(place, SMALL_FONT) + 10);
  const { nameY, detailY, inset } = LEVELS[density];
  const parts = [
    `<g class="${box.kind}${markClass(box.mark, isPlan)}" role="listitem" aria-label="${escapeXml(`${box.kind} ${box.name}`)}">`,
    `<title>${lines(titleOf(placed))}</title>`,
    // What is inside of a box cannot be seen outside of it, whatever the font.
    `<svg x="${px(x)}" y="${px(y)}" width="${width}" height="${height}">`,
    `<rect class="card" x="0.75" y="0.75" width="${width - 1.5}" height="${height - 1.5}" rx="9"/>`,
    `<rect class="stripe" x="0.75" y="${inset}" width="4" height="${height - 2 * inset}" rx="2"/>`,
    text('name', PADDING, nameY, fitText(box.name, NAME_FONT, nameWidth)),
    place === '' ? '' : text('place', width - PADDING, nameY, place, ' text-anchor="end"'),
    detailY === undefined ? '' : text('detail', PADDING, detailY, fitText(box.detail, SMALL_FONT, inner)),
    ...rows.flatMap((row, index) => row.map((badge) => badgeMarkup(badge, 56 + index * 24))),
    '</svg></g>',
  ];
  return parts.filter((part) => part !== '').join('');
};

/** Level where it leaves and arrives. */
const pathOf = (points: PlacedLine['points']): string =>
  points
    .map(({ x, y }, index) => {
      const last = points[index - 1];
      if (last === undefined) return `M${px(x)} ${px(y)}`;
      if (last.y === y) return `L${px(x)} ${px(y)}`;
      const middle = (last.x + x) / 2;
      return `C${px(middle)} ${px(last.y)} ${px(middle)} ${px(y)} ${px(x)} ${px(y)}`;
    })
    .join('');

const ARROW = 6;

const nameOf = (id: string): string => id.slice(id.indexOf(':') + 1);

const kindOf = (id: string): string => id.slice(0, id.indexOf(':'));

const LABEL_ROOM = 64;

const lineMarkup = ({ line, points, isLabelled }: PlacedLine, isPlan: boolean): string => {
  const end = points.at(-1)!;
  const body = [...points.slice(0, -1), { x: end.x - ARROW, y: end.y }];
  const arrow = `M${px(end.x)} ${px(end.y)}l${-ARROW - 1} -3.5v7z`;
  const to = kindOf(line.to);
  const label = to === 'server' || !isLabelled ? '' : fitText(line.label, SMALL_FONT, LABEL_ROOM);
  const title = `${nameOf(line.from)} → ${nameOf(line.to)}${line.label === '' ? '' : ` (${line.label})`}`;
  return [
    `<g class="line to-${to}${markClass(line.mark, isPlan)}"><title>${escapeXml(title)}</title>`,
    `<path class="reach" d="${pathOf(body)}"/><path class="stroke" d="${pathOf(body)}"/><path class="arrow" d="${arrow}"/>`,
    label === '' ? '' : text('label', end.x - ARROW - 5, end.y - 3, label, ' text-anchor="end"'),
    '</g>',
  ].join('');
};

const headingMarkup = ({ kind, x, width }: PlacedColumn, count: number): string =>
  `<g class="${kind}">${text('heading-text', x, 76, HEADINGS[kind].toUpperCase())}${text('count', x + width, 76, String(count), ' text-anchor="end"')}</g>`;

const MARKS: readonly Mark[] = ['added', 'changed', 'removed'];

const legendMarkup = (drawing: Drawing, { height }: Layout): string => {
  let x = 32;
  return MARKS.map((mark) => {
    const count = drawing.boxes.filter((box) => box.mark === mark).length;
    const label = `${count} ${mark}`;
    const markup = `<g class="${mark}"><rect class="swatch" x="${x}" y="${px(height - 33)}" width="12" height="12" rx="3"/>${text('legend-text', x + 18, height - 23, label)}</g>`;
    x += 18 + Math.ceil(textWidth(label, 12)) + 22;
    return markup;
  }).join('');
};

const countsOf = ({ boxes }: Drawing): string =>
  COLUMNS.map(
    (kind) => [boxes.filter((box) => box.kind === kind).length, HEADINGS[kind].toLowerCase()] as const,
  )
    .filter(([count]) => count > 0)
    .map(([count, heading]) => `${count} ${heading}`)
    .join(', ');

/** A whole document; equal drawings, equal bytes. `isPlan` adds what the colours mean. */
export const renderSvg = (drawing: Drawing, { isPlan }: { readonly isPlan: boolean }): string => {
  const layout = layOut(drawing);
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height)];
  const title = isPlan ? `Plan of ${drawing.title}` : drawing.title;
  const marked = new Set<Mark | undefined>(['added', 'changed', 'removed']);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(`The way of a call from left to right: ${countsOf(drawing)}.`)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    text('title', 32, 40, fitText(title, 20, width - 64)),
    ...layout.columns.map((column) =>
      headingMarkup(column, drawing.boxes.filter(({ kind }) => kind === column.kind).length),
    ),
    `<g role="presentation" class="${layout.density}">`,
    // What changed lies over what did not.
    ...layout.lines
      .toSorted((a, b) => Number(marked.has(a.line.mark)) - Number(marked.has(b.line.mark)))
      .map((line) => lineMarkup(line, isPlan)),
    '</g>',
    '<g role="list">',
    ...layout.boxes.map((box) => boxMarkup(box, isPlan)),
    '</g>',
    isPlan ? legendMarkup(drawing, layout) : '',
    '</svg>',
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
};

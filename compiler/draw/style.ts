/** How an SVG looks: neutral paper, one colour for each kind of box, and for a plan those of what changed. */
import type { BoxKind, Mark } from './drawing.ts';

interface Palette extends Readonly<Record<BoxKind | Mark, string>> {
  readonly paper: string;
  readonly card: string;
  readonly edge: string;
  readonly ink: string;
  readonly soft: string;
  readonly faint: string;
  readonly wire: string;
  /** Fill and text of each kind of badge. */
  readonly badges: Readonly<Record<'identity' | 'limit' | 'anonymous', readonly [fill: string, ink: string]>>;
  /** Cards of what changed. */
  readonly cards: Readonly<Record<Mark, string>>;
}

const LIGHT: Palette = {
  paper: '#fbfbfd',
  card: '#ffffff',
  edge: '#d9dce5',
  ink: '#191c26',
  soft: '#5d6475',
  faint: '#767d8f',
  wire: '#b3b9c8',
  badges: {
    identity: ['#e9edfb', '#31478f'],
    limit: ['#fbf0dc', '#7a4d05'],
    anonymous: ['#fde6e6', '#9b1c1c'],
  },
  listener: '#0e8f8a',
  server: '#4f5bd5',
  policy: '#b86e05',
  upstream: '#2f8f4e',
  added: '#1a8f45',
  removed: '#c93636',
  changed: '#b97a00',
  cards: { added: '#eefaf2', removed: '#fdf1f1', changed: '#fff8e8' },
};

const DARK: Palette = {
  paper: '#12141b',
  card: '#1b1e28',
  edge: '#343948',
  ink: '#eceef5',
  soft: '#a6adbf',
  faint: '#8b92a5',
  wire: '#4d5467',
  badges: {
    identity: ['#26304f', '#b9c7ff'],
    limit: ['#40331b', '#f2cf8d'],
    anonymous: ['#4a2226', '#ffb4b4'],
  },
  listener: '#3cc4be',
  server: '#8f9aff',
  policy: '#f0a93b',
  upstream: '#5fcf85',
  added: '#4ed07f',
  removed: '#ff7b7b',
  changed: '#f2b23e',
  cards: { added: '#16291f', removed: '#2e1a1d', changed: '#2d2517' },
};

const KINDS = ['listener', 'server', 'policy', 'upstream'] as const;
const MARKS = ['added', 'removed', 'changed'] as const;
const BADGES = ['identity', 'limit', 'anonymous'] as const;

/** Colours alone, written out: not every program that shows SVG knows variables of CSS. */
const colours = (palette: Palette): string =>
  [
    `text{fill:${palette.ink}}`,
    `.paper{fill:${palette.paper}}`,
    `.card{fill:${palette.card};stroke:${palette.edge}}`,
    `.detail,.label,.legend-text{fill:${palette.soft}}`,
    `.place,.count{fill:${palette.faint}}`,
    `.stroke{stroke:${palette.wire}}.arrow{fill:${palette.wire}}.label{stroke:${palette.paper}}`,
    `.line:hover .stroke{stroke:${palette.ink}}.line:hover .arrow{fill:${palette.ink}}`,
    ...KINDS.map((kind) => `.${kind} .stripe,.${kind} .heading-text{fill:${palette[kind]}}`),
    ...BADGES.map((badge) => {
      const [fill, ink] = palette.badges[badge];
      return `.${badge} .pill{fill:${fill}}.${badge} .badge-text{fill:${ink}}`;
    }),
    ...MARKS.map(
      (mark) =>
        `.${mark} .card{stroke:${palette[mark]};fill:${palette.cards[mark]}}.${mark} .stroke{stroke:${palette[mark]}}.${mark} .arrow,.${mark} .swatch{fill:${palette[mark]}}`,
    ),
  ].join('');

/** One style sheet, without anything from elsewhere. */
export const STYLE = [
  'text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}',
  '.title{font-size:20px;font-weight:600}',
  '.heading-text{font-size:12px;font-weight:600;letter-spacing:.06em}',
  '.count,.legend-text{font-size:12px}',
  '.card{stroke-width:1.25}',
  '.name{font-size:14px;font-weight:600}',
  '.detail,.place,.badge-text,.label{font-size:11px}',
  '.stroke{fill:none;stroke-width:1.5}.reach{fill:none;stroke:#000;stroke-opacity:0;stroke-width:10}',
  '.to-policy .stroke{stroke-dasharray:4 3}',
  '.label{paint-order:stroke;stroke-width:4px}',
  '.line:hover .stroke{stroke-width:2.25}',
  '.compact .stroke{stroke-width:1}.compact .label{display:none}',
  ...MARKS.map((mark) => `.${mark} .card{stroke-width:1.75}.${mark} .stroke{stroke-width:2}`),
  '.removed .name{text-decoration:line-through}.removed .card,.removed .stroke{stroke-dasharray:5 4}',
  '.same{opacity:.6}',
  colours(LIGHT),
  `@media (prefers-color-scheme:dark){${colours(DARK)}}`,
].join('');

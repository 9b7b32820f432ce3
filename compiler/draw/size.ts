/** How much room texts and boxes take. Widths are guessed from above, for whatever sans-serif font there is. */
import type { Badge, Box } from './drawing.ts';

/** How much a box tells in sight: everything; two lines; or its name and place alone. */
export type Density = 'roomy' | 'dense' | 'compact';

export interface BoxSize {
  readonly width: number;
  readonly height: number;
  readonly density: Density;
  /** Badges in rows; what did not fit is counted in the last one. */
  readonly rows: readonly (readonly PlacedBadge[])[];
}

export interface PlacedBadge {
  readonly kind: Badge['kind'];
  readonly text: string;
  readonly title: string;
  readonly x: number;
  readonly width: number;
}

const BOX_WIDTH = 264;
export const PADDING = 14;
export const BADGE_HEIGHT = 20;
const BADGE_STEP = 24;
const BADGE_GAP = 6;
const MAX_ROWS = 3;

/** The width of a character as a share of the font's size. */
const shareOf = (character: string): number => {
  if (/[iljtfr.,:;'|!()[\]{} /-]/.test(character)) return 0.34;
  if (/[mwMW@%]/.test(character)) return 0.9;
  if (/[A-Z]/.test(character)) return 0.7;
  return character.codePointAt(0)! < 0x2e80 ? 0.58 : 1.1;
};

/** The width of a text at a size of the font. */
export const textWidth = (text: string, fontSize: number): number =>
  [...text].reduce((sum, character) => sum + shareOf(character) * fontSize, 0);

/** The text, cut with an ellipsis where it is wider than it may be. */
export const fitText = (text: string, fontSize: number, maxWidth: number): string => {
  if (textWidth(text, fontSize) <= maxWidth) return text;
  const room = maxWidth - textWidth('…', fontSize);
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += shareOf(character) * fontSize;
    if (width > room) break;
    kept += character;
  }
  return `${kept}…`;
};

const BADGE_FONT = 11;

const badgeOf = ({ kind, text }: Badge): Omit<PlacedBadge, 'x'> => {
  const fitted = fitText(text, BADGE_FONT, BOX_WIDTH - 2 * PADDING - 16);
  return { kind, text: fitted, title: text, width: Math.ceil(textWidth(fitted, BADGE_FONT)) + 16 };
};

const rowsOf = (badges: readonly Badge[]): readonly (readonly PlacedBadge[])[] => {
  const rows: PlacedBadge[][] = [];
  const room = BOX_WIDTH - 2 * PADDING;
  for (const [index, badge] of badges.entries()) {
    const sized = badgeOf(badge);
    const row = rows.at(-1);
    const end = row?.at(-1) === undefined ? 0 : row.at(-1)!.x + row.at(-1)!.width + BADGE_GAP;
    const isLast = rows.length === MAX_ROWS;
    const rest = badges.length - index;
    const more = badgeOf({ kind: badge.kind, text: `+${rest}` });
    // The last row keeps room to count what does not fit.
    const needed = sized.width + (isLast && rest > 1 ? BADGE_GAP + more.width : 0);
    if (row !== undefined && end + needed <= room) row.push({ ...sized, x: end });
    else if (!isLast) rows.push([{ ...sized, x: 0 }]);
    else {
      const title = badges
        .slice(index)
        .map(({ text }) => text)
        .join(', ');
      row!.push({ ...more, title, x: end });
      break;
    }
  }
  return rows;
};

const HEIGHTS = { roomy: 58, dense: 42, compact: 26 } as const;

/** Badges are drawn where there is room; elsewhere they are told where the box is pointed at. */
export const sizeOf = ({ badges }: Box, density: Density): BoxSize => {
  const rows = density === 'roomy' ? rowsOf(badges) : [];
  const height = HEIGHTS[density] + rows.length * BADGE_STEP + (rows.length > 0 ? 4 : 0);
  return { width: BOX_WIDTH, height, density, rows };
};

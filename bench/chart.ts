/** A bar chart as SVG, for light and dark pages alike. */

export interface Bar {
  readonly name: string;
  readonly value: number;
}

const WIDTH = 860;
const NAMES_WIDTH = 330;
const VALUES_WIDTH = 70;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 26;
const TOP = 44;

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => ESCAPED[sign]!);

/** One bar for each, in the order given, the longest over the whole width. */
export const barChart = (title: string, unit: string, bars: readonly Bar[]): string => {
  const longest = Math.max(...bars.map(({ value }) => value));
  const room = WIDTH - NAMES_WIDTH - VALUES_WIDTH;
  const rows = bars.map(({ name, value }, at) => {
    const y = TOP + at * ROW_HEIGHT;
    const width = ((value / longest) * room).toFixed(1);
    const end = (NAMES_WIDTH + (value / longest) * room + 8).toFixed(1);
    const baseline = y + BAR_HEIGHT - 5;
    return `  <text x="${NAMES_WIDTH - 10}" y="${baseline}" text-anchor="end">${escaped(name)}</text>
  <rect x="${NAMES_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>
  <text x="${end}" y="${baseline}">${value.toFixed(0)} ${escaped(unit)}</text>`;
  });
  const height = TOP + bars.length * ROW_HEIGHT + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
  <title>CPU time per request</title>
  <style>text { fill: #24292f } rect { fill: #2f6f9f } @media (prefers-color-scheme: dark) { text { fill: #d0d7de } rect { fill: #6cb2e0 } }</style>
  <text x="10" y="24" font-size="15" font-weight="bold">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
};

/** A plan as the comment of a pull request: the risks and the gist in sight, all else to be unfolded. */
import { plainPaint } from '../../diagnostics/render/style.ts';
import { isEmpty, type Plan, type PlannedRisk } from '../plan.ts';
import { planLines } from './text.ts';
import { countsText, impactText, placeText, printable, risksText } from './words.ts';

/** GitHub takes comments of 65,536 characters. */
const MAX_DETAILS = 55_000;

/** Text that stands for nothing but itself: every character that Markdown or HTML may read is escaped. */
const plainMarkdown = (text: string): string =>
  printable(text)
    .replace(/[&<>]/g, (found) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[found]!)
    .replace(/[\\*_[\]#|~@]/g, (found) => `\\${found}`);

/** Names in backticks stay code; all else is plain. */
const proseMarkdown = (text: string): string =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? codeMarkdown(part) : plainMarkdown(part)))
    .join('');

/** Inline code: a text that holds backticks is fenced by more of them. */
const codeMarkdown = (text: string): string => {
  const shown = printable(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
};

const ICONS: Readonly<Record<PlannedRisk['severity'], string>> = {
  high: '🔴 high',
  medium: '🟠 medium',
  low: '🟡 low',
};

const riskRow = ({ id, severity, text, place, side }: PlannedRisk): string => {
  const where = placeText(place, side);
  return `| ${ICONS[severity]} | \`${id}\` | ${proseMarkdown(text)} | ${where === '' ? '' : codeMarkdown(where)} |`;
};

const riskTable = (risks: readonly PlannedRisk[]): readonly string[] =>
  risks.length === 0 ? [] : ['| | risk | | where |', '|---|---|---|---|', ...risks.map(riskRow), ''];

/** Lines of a `diff` block begin with what colours them. */
const diffLine = (line: string): string => (line.startsWith('~ ') ? `! ${line.slice(2)}` : line);

const fenced = (lines: readonly string[]): readonly string[] => {
  const text = lines.join('\n').trimEnd();
  const cut =
    text.length > MAX_DETAILS ? `${text.slice(0, text.lastIndexOf('\n', MAX_DETAILS))}\n… and more` : text;
  const longest = Math.max(2, ...[...cut.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}diff`, cut, fence];
};

/** Ends with a line break. */
export const renderPlanMarkdown = (plan: Plan): string => {
  const { before, after, changes, risks } = plan;
  const title = `### Gatewright plan: ${countsText(changes)}`;
  const between = `${codeMarkdown(before.label)} → ${codeMarkdown(after.label)}`;
  if (isEmpty(plan)) return `${title}\n\n${between}\n`;
  const lines = [
    title,
    '',
    `${between} · ${risksText(risks)} · ${impactText(plan)}`,
    '',
    ...riskTable(risks),
    `<details${risks.length === 0 ? ' open' : ''}><summary>Changes and what they do</summary>`,
    '',
    ...fenced(planLines(plan, plainPaint).map(diffLine)),
    '',
    '</details>',
  ];
  return `${lines.join('\n')}\n`;
};

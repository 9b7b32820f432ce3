/** Changes of a lock as people review them. Whatever upstreams say stands behind a mark at the start of its line. */
import { LOCKED_KEY, type LockedKind } from '../../schema/lock/lock.ts';
import type { FieldChange, ItemChange } from './difference.ts';
import { textChanges } from './text-changes.ts';
import { visibleText } from './visible-text.ts';

const NOUN: Readonly<Record<LockedKind | 'instructions', string>> = {
  instructions: 'instructions',
  prompts: 'prompt',
  resourceTemplates: 'resource template',
  tools: 'tool',
};

const MARK = { same: ' ', removed: '-', added: '+' } as const;
type Mark = keyof typeof MARK;

const COLOR = { same: undefined, removed: 31, added: 32 } as const;

/** Of what stayed the same so much is shown on either side. */
const CONTEXT_CHARS = 60;

const INDENT = '      ';

const pathText = (path: FieldChange['path']): string =>
  path
    .map((step, index) => {
      const isWord = typeof step === 'string' && /^[\w$-]+$/.test(step);
      return isWord ? `${index === 0 ? '' : '.'}${step}` : `[${visibleText(JSON.stringify(step))}]`;
    })
    .join('');

const jsonText = (value: unknown): string => visibleText(JSON.stringify(value));

const marked = (kind: Mark, text: string, color: boolean): string => {
  const code = COLOR[kind];
  return text
    .split('\n')
    .map((line) => {
      const whole = `${MARK[kind]} ${line}`;
      return `${INDENT}${color && code !== undefined ? `\x1b[${code}m${whole}\x1b[39m` : whole}\n`;
    })
    .join('');
};

/** What stayed the same, cut down to what stands beside a change. */
const shortened = (text: string, isFirst: boolean, isLast: boolean): string => {
  const kept = (isFirst ? 0 : CONTEXT_CHARS) + (isLast ? 0 : CONTEXT_CHARS);
  if (text.length <= kept + 1) return text;
  const head = isFirst ? '' : text.slice(0, CONTEXT_CHARS);
  return `${head}…${isLast ? '' : text.slice(-CONTEXT_CHARS)}`;
};

const textLines = (from: string, to: string, color: boolean): string => {
  const pieces = textChanges(from, to);
  return pieces
    .map(({ kind, text }, index) => {
      const seen = kind === 'same' ? shortened(text, index === 0, index === pieces.length - 1) : text;
      const isBroken = seen.endsWith('\n') && seen !== '\n';
      return marked(kind, visibleText(isBroken ? seen.slice(0, -1) : seen), color);
    })
    .join('');
};

const fieldLines = ({ path, from, to }: FieldChange, color: boolean): string => {
  const heading = path.length === 0 ? '' : `    ${pathText(path)}\n`;
  if (typeof from === 'string' && typeof to === 'string') return heading + textLines(from, to, color);
  const whole = (kind: Mark, value: unknown): string => {
    if (value === undefined) return '';
    return marked(kind, typeof value === 'string' ? visibleText(value) : jsonText(value), color);
  };
  return heading + whole('removed', from) + whole('added', to);
};

/** Of what is new every field is shown, of what is gone none. */
const shownFields = ({ kind, change, fields }: ItemChange): readonly FieldChange[] => {
  const [whole] = fields;
  if (change === 'removed') return [];
  const isObject = typeof whole?.to === 'object' && whole.to !== null && whole.path.length === 0;
  if (change === 'changed' || !isObject) return fields;
  return Object.entries(whole.to as object)
    .filter(([key]) => kind === 'instructions' || key !== LOCKED_KEY[kind])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, to]) => ({ path: [key], to }));
};

/** One item with all that changed of it. */
export const renderChange = (change: ItemChange, color: boolean): string => {
  const name = change.name === '' ? '' : ` \`${visibleText(change.name).replaceAll('\n', '\\n')}\``;
  const fields = shownFields(change).map((field) => fieldLines(field, color));
  return `  ${NOUN[change.kind]}${name} ${change.change}\n${fields.join('')}`;
};

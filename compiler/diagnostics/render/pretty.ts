/** Findings for people: the place, the line, the words. */
import type { Diagnostic, Span } from '../../../schema/diagnostic.ts';
import { type SourceFile, sourceFile } from '../../source/source-file.ts';
import { isMendable } from '../apply-fixes.ts';
import { counted } from '../entry.ts';
import { displayText } from './display-width.ts';
import { snippetOf } from './snippet.ts';
import { colorPaint, type Paint, plainPaint, type Style } from './style.ts';

export interface PrettyOptions {
  /** Text of a file named in a span; undefined if there is none to show. */
  readonly textOf: (path: string) => string | undefined;
  readonly color: boolean;
}

interface Renderer {
  readonly fileOf: (path: string) => SourceFile | undefined;
  readonly paint: Paint;
}

/** More findings than anybody reads at once. */
const MAX_SHOWN = 100;

const FIX_HINT = '  (fix: gatewright check --fix)';
const GUESS_HINT = '  (fix: gatewright check --fix-guesses)';

const hintOf = (diagnostic: Diagnostic): string => {
  if (diagnostic.fixes.length === 0) return '';
  return isMendable(diagnostic, 'always') ? FIX_HINT : GUESS_HINT;
};

/** Findings whose place holds what must not be shown on screens and in the logs of builds. */
const ON_SECRETS: ReadonlySet<string> = new Set(['GW3032', 'GW3091', 'GW4010']);

/** The text of a file with the secrets that were found in it covered, all places kept. */
const covered = (path: string, text: string, diagnostics: readonly Diagnostic[]): string => {
  let shown = text;
  for (const { code, span } of diagnostics) {
    if (!ON_SECRETS.has(code) || span.file !== path) continue;
    const secret = shown.slice(span.offset, span.endOffset).replace(/[^\s"']/g, '*');
    shown = shown.slice(0, span.offset) + secret + shown.slice(span.endOffset);
  }
  return shown;
};

const rendererOf = ({ textOf, color }: PrettyOptions, diagnostics: readonly Diagnostic[]): Renderer => {
  const files = new Map<string, SourceFile | undefined>();
  return {
    paint: color ? colorPaint : plainPaint,
    fileOf: (path) => {
      if (!files.has(path)) {
        const text = textOf(path);
        const shown =
          text === undefined ? undefined : covered(path, text.replace(/^\ufeff/, ''), diagnostics);
        files.set(path, shown === undefined ? undefined : sourceFile(path, shown));
      }
      return files.get(path);
    },
  };
};

interface Mark {
  readonly span: Span;
  readonly text: string | undefined;
  readonly mark: '^' | '-';
  readonly style: Style;
}

const renderMark = (
  renderer: Renderer,
  { span, text, mark, style }: Mark,
  width: number,
): readonly string[] => {
  const file = renderer.fileOf(span.file);
  if (!file || span.line > file.lineStarts.length) return [];
  const { source, marks } = snippetOf(file, span, mark);
  const gutter = renderer.paint('place', `${String(span.line).padStart(width)} |`);
  const empty = renderer.paint('place', `${' '.repeat(width)} |`);
  const note = renderer.paint(
    style,
    text === undefined ? marks.trimStart() : `${marks.trimStart()} ${displayText(text)}`,
  );
  const indent = ' '.repeat(marks.length - marks.trimStart().length);
  return [`${gutter} ${source}`.trimEnd(), `${empty} ${indent}${note}`];
};

const renderOne = (renderer: Renderer, diagnostic: Diagnostic): string => {
  const { code, severity, message, span, labels, notes, help } = diagnostic;
  const { paint } = renderer;
  const marks: readonly Mark[] = [
    { span, text: diagnostic.label, mark: '^', style: severity },
    ...labels.map((label) => ({
      span: label.span,
      text: label.text,
      mark: '-' as const,
      style: 'place' as const,
    })),
  ];
  const width = Math.max(...marks.map((mark) => String(mark.span.line).length));
  const pad = ' '.repeat(width);
  const empty = paint('place', `${pad} |`);
  const lines = [
    `${paint(severity, `${severity}[${code}]`)}${paint('strong', `: ${displayText(message)}`)}`,
    `${pad}${paint('place', '-->')} ${displayText(span.file)}:${span.line}:${span.column}`,
  ];
  let file = span.file;
  for (const mark of marks) {
    const rendered = renderMark(renderer, mark, width);
    if (rendered.length === 0) continue;
    if (mark.span.file !== file) {
      lines.push(
        `${pad}${paint('place', ':::')} ${displayText(mark.span.file)}:${mark.span.line}:${mark.span.column}`,
      );
      file = mark.span.file;
    }
    lines.push(empty, ...rendered);
  }
  for (const [index, line] of help.entries()) {
    const hint = index === 0 ? hintOf(diagnostic) : '';
    lines.push(`${pad} ${paint('place', '=')} ${paint('strong', 'help')}: ${displayText(line)}${hint}`);
  }
  for (const line of notes)
    lines.push(`${pad} ${paint('place', '=')} ${paint('strong', 'note')}: ${displayText(line)}`);
  return lines.join('\n');
};

const countOf = (diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number =>
  diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;

/** `1 error, 2 warnings`; `no findings`. */
export const summarize = (diagnostics: readonly Diagnostic[]): string => {
  const errors = countOf(diagnostics, 'error');
  const warnings = countOf(diagnostics, 'warning');
  const parts = [
    errors > 0 ? counted(errors, 'error') : '',
    warnings > 0 ? counted(warnings, 'warning') : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'no findings';
};

/** Every finding with its lines and a blank line after it, up to a bound, then one line that counts them. */
export const renderPretty = (
  main: string,
  diagnostics: readonly Diagnostic[],
  options: PrettyOptions,
): string => {
  const renderer = rendererOf(options, diagnostics);
  const blocks = diagnostics
    .slice(0, MAX_SHOWN)
    .map((diagnostic) => `${renderOne(renderer, diagnostic)}\n\n`);
  const hidden = diagnostics.length - blocks.length;
  const more = hidden > 0 ? `${counted(hidden, 'more finding')} not shown\n\n` : '';
  return `${blocks.join('')}${more}${displayText(main)}: ${summarize(diagnostics)}\n`;
};

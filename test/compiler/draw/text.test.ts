import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderDot } from '../../../compiler/draw/dot.ts';
import { renderMermaid } from '../../../compiler/draw/mermaid.ts';
import { drawings } from './drawings.ts';

/** A text in quotes that holds no quote, nor anything but what Mermaid takes for itself as an entity code. */
const MERMAID_TEXT = String.raw`"(?:[^"#\n<>]|#\d+;|<br/>)*"`;

const MERMAID_LINES = [
  'flowchart LR',
  String.raw`  subgraph (?:listener|server|policy|upstream)s\["[A-Z][a-z]+"\]`,
  String.raw`    n\d+\[${MERMAID_TEXT}\]`,
  '  end',
  String.raw`  n\d+ (?:-->|-\.->)(?:\|${MERMAID_TEXT}\|)? n\d+`,
  '  classDef (?:added|removed|changed) [a-z0-9:#, -]+',
  String.raw`  class n\d+(?:,n\d+)* (?:added|removed|changed)`,
  String.raw`  linkStyle \d+ [a-z0-9:#, -]+`,
];

const DOT_TEXT = String.raw`"(?:[^"\\\n]|\\["\\n])*"`;
const DOT_VALUE = `[a-z]+=(?:${DOT_TEXT}|[a-z0-9.]+)`;
const DOT_LIST = String.raw`\[${DOT_VALUE}(?:, ${DOT_VALUE})*\]`;

const DOT_LINES = [
  String.raw`digraph ${DOT_TEXT} \{`,
  '  rankdir=LR;',
  String.raw`  (?:node|edge) \[.*\];`,
  String.raw`  \{`,
  '    rank=same;',
  `    ${DOT_TEXT} ${DOT_LIST};`,
  String.raw`  \}`,
  `  ${DOT_TEXT} -> ${DOT_TEXT}(?: ${DOT_LIST})?;`,
  String.raw`\}`,
];

const expectLines = (text: string, lines: readonly string[]): void => {
  const line = new RegExp(`^(?:${lines.join('|')})$`, 'u');
  for (const each of text.trimEnd().split('\n')) expect(each).toMatch(line);
};

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

describe('a drawing as Mermaid', () => {
  it('says boxes and lines and nothing that a name put there', () => {
    fc.assert(
      fc.property(drawings(5), (drawing) => {
        const text = renderMermaid(drawing);
        expectLines(text, MERMAID_LINES);
        expect(count(text, /^ {4}n\d+\[/gm)).toBe(drawing.boxes.length);
        expect(count(text, /^ {2}n\d+ -/gm)).toBe(drawing.lines.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a drawing as DOT', () => {
  it('says boxes and lines and nothing that a name put there', () => {
    fc.assert(
      fc.property(drawings(5), (drawing) => {
        const text = renderDot(drawing);
        expectLines(text, DOT_LINES);
        expect(count(text, /^ {4}"/gm)).toBe(drawing.boxes.length);
        expect(count(text, /^ {2}".* -> /gm)).toBe(drawing.lines.length);
      }),
      { numRuns: 100 },
    );
  });
});

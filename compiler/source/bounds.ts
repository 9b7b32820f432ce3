/** What is too much for a parser to be asked: found by a look at the text before it is parsed. */
import { Lexer } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import type { SourceFile } from './source-file.ts';

const MAX_DEPTH = 64;
/** Keys and values. */
const MAX_PARTS = 200_000;

/** Tokens that the lexer adds: document, flow end, byte order mark, and before each scalar. */
const MARKS = new Set(['\x02', '\x18', '\ufeff']);
const SCALAR = '\x1f';

/** Whether the text may be beyond a bound: counted without regard to what stands in texts. */
const isSuspect = (text: string): boolean => {
  let depth = 0;
  let items = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    // [ { and ] }
    if (sign === 0x5b || sign === 0x7b) depth++;
    else if ((sign === 0x5d || sign === 0x7d) && depth > 0) depth--;
    // Line feed, carriage return, comma, quotes, colon and star.
    else if (sign === 10 || sign === 13 || sign === 0x2c || sign === 0x22 || sign === 0x27) items++;
    else if (sign === 0x3a || sign === 0x2a) items++;
    if (depth > MAX_DEPTH || items > MAX_PARTS) return true;
  }
  return false;
};

/** Reports a text that nests too deep or holds too much; whether it is one. */
export const reportBounds = (file: SourceFile, report: Report): boolean => {
  if (!isSuspect(file.text)) return false;
  let depth = 0;
  let parts = 0;
  let at = 0;
  const place = () => ({ file, start: Math.min(at, file.text.length), end: at + 1 });
  for (const token of new Lexer().lex(file.text)) {
    if (token === SCALAR && file.text[at] !== token) parts++;
    else if (!MARKS.has(token) || file.text[at] === token) {
      if (token === '[' || token === '{') {
        depth++;
        parts++;
      } else if ((token === ']' || token === '}') && depth > 0) depth--;
      else if (/^[*"']/.test(token)) parts++;
      if (depth > MAX_DEPTH) {
        report('GW0018', place(), { what: 'the nesting', limit: MAX_DEPTH, unit: 'level' });
        return true;
      }
      at += token.length;
    }
    if (parts > MAX_PARTS) {
      report('GW0018', place(), { what: 'the configuration', limit: MAX_PARTS, unit: 'keys and value' });
      return true;
    }
  }
  return false;
};

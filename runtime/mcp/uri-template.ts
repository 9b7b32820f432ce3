/** URI templates (RFC 6570), as far as it takes to tell whose a URI is. */
import { compileGlobs, type Matcher } from '../../policies/glob.ts';

/** A character, or an expression: any text within a segment, or any text at all. */
type Token = string | typeof SEGMENT | typeof ANY;

const SEGMENT = 1;
const ANY = 2;

const EXPRESSION = /\{([^{}]*)\}/g;
/** What begins an expression that may expand to more than one segment (RFC 6570, 2.2). */
const OPERATOR = /^[+#./;?&=,!@|]/;

export interface UriTemplate {
  /** What every URI of it begins with. */
  readonly prefix: string;
  readonly tokens: readonly Token[];
  /** Whether it may have expanded to the URI, taking any expression for any text. In time linear to the URI. */
  readonly admits: Matcher;
}

export const parseTemplate = (text: string): UriTemplate => {
  const tokens: Token[] = [];
  let from = 0;
  for (const found of text.matchAll(EXPRESSION)) {
    tokens.push(...text.slice(from, found.index).split(''), OPERATOR.test(found[1]!) ? ANY : SEGMENT);
    from = found.index + found[0].length;
  }
  tokens.push(...text.slice(from).split(''));
  const first = text.search(EXPRESSION);
  return {
    prefix: first < 0 ? text : text.slice(0, first),
    tokens,
    admits: compileGlobs([text.replace(EXPRESSION, '*')]),
  };
};

/** A URI as the template that expands to nothing else. */
const literal = (uri: string): UriTemplate => ({
  prefix: uri,
  tokens: uri.split(''),
  admits: (other) => other === uri,
});

const DELIMITERS = '/?#';

const takes = (token: Token, character: string): boolean =>
  token === ANY || (token === SEGMENT ? !DELIMITERS.includes(character) : token === character);

const isExpression = (token: Token | undefined): boolean => token === ANY || token === SEGMENT;

/** More steps than this are not taken to tell two templates apart: they are then held to overlap. */
const MAX_STEPS = 1_000_000;

/** Whether some URI is an expansion of both. */
export const overlap = (one: UriTemplate, other: UriTemplate): boolean => {
  if (!one.prefix.startsWith(other.prefix) && !other.prefix.startsWith(one.prefix)) return false;
  const [a, b] = [one.tokens, other.tokens];
  const width = b.length + 1;
  if ((a.length + 1) * width > MAX_STEPS) return true;
  const seen = new Uint8Array((a.length + 1) * width);
  const pending = [0];
  const visit = (i: number, j: number): void => {
    if (i > a.length || j > b.length || seen[i * width + j] === 1) return;
    seen[i * width + j] = 1;
    pending.push(i * width + j);
  };
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const [i, j] = [Math.floor(at / width), at % width];
    if (i === a.length && j === b.length) return true;
    if (isExpression(a[i])) visit(i + 1, j);
    if (isExpression(b[j])) visit(i, j + 1);
    if (i === a.length || j === b.length) continue;
    const [left, right] = [a[i]!, b[j]!];
    if (typeof left === 'string' && takes(right, left)) visit(i + 1, isExpression(right) ? j : j + 1);
    else if (typeof right === 'string' && takes(left, right)) visit(i, j + 1);
  }
  return false;
};

/** Whether the URI is an expansion of the template, an expression without operator staying within its segment. */
export const expandsTo = (template: UriTemplate, uri: string): boolean =>
  template.admits(uri) && overlap(template, literal(uri));

/** URI templates (RFC 6570), as far as it takes to tell whose a URI is. */
import { compileGlobs, type Matcher } from '../../policies/glob.ts';

/** Longer URIs and templates are nobody's: not told apart, not called otherwise, not looked for. */
export const MAX_URI_LENGTH = 8192;

const MAX_EXPRESSIONS = 100;

/** What comparing may cost. A step is about the comparison of two characters; below 0 it is used up. */
export interface Steps {
  left: number;
}

/** The steps of one request or message, or of one look at what all upstreams list: some tens of milliseconds. */
export const MAX_REQUEST_STEPS = 2_000_000;

export const requestSteps = (): Steps => ({ left: MAX_REQUEST_STEPS });

const spend = (steps: Steps, count: number): boolean => {
  steps.left -= count;
  return steps.left >= 0;
};

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

/** Whether a template is short and plain enough to be compared with anything. */
export const isComparable = (text: string): boolean => {
  if (text.length > MAX_URI_LENGTH) return false;
  let expressions = 0;
  for (const _ of text.matchAll(EXPRESSION)) if (++expressions > MAX_EXPRESSIONS) return false;
  return true;
};

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

/** What a comparison costs before its first step. */
const BASE_STEPS = 16;

/**
 * Whether some URI is an expansion of both. True where the steps are used up: what could not be told apart is held
 * to be claimed twice, which changes names but gives no URI to another upstream.
 */
export const overlap = (one: UriTemplate, other: UriTemplate, steps: Steps = requestSteps()): boolean => {
  if (!spend(steps, 1)) return true;
  if (!one.prefix.startsWith(other.prefix) && !other.prefix.startsWith(one.prefix)) return false;
  const [a, b] = [one.tokens, other.tokens];
  const width = b.length + 1;
  if ((a.length + 1) * width > MAX_STEPS) return true;
  if (!spend(steps, BASE_STEPS + (((a.length + 1) * width) >> 6))) return true;
  const seen = new Uint8Array((a.length + 1) * width);
  const pending = [0];
  const visit = (i: number, j: number): void => {
    if (i > a.length || j > b.length || seen[i * width + j] === 1) return;
    seen[i * width + j] = 1;
    pending.push(i * width + j);
  };
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (!spend(steps, 1)) return true;
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

/** Whether the template admits the URI; true where the steps are used up. */
export const admits = (template: UriTemplate, uri: string, steps: Steps): boolean => {
  if (!spend(steps, 1)) return true;
  if (!uri.startsWith(template.prefix)) return false;
  return !spend(steps, uri.length >> 4) || template.admits(uri);
};

/**
 * Whether the URI is an expansion of the template, an expression without operator staying within its segment. True
 * where the steps are used up.
 */
export const expandsTo = (template: UriTemplate, uri: string, steps: Steps = requestSteps()): boolean =>
  admits(template, uri, steps) && (steps.left < 0 || overlap(template, literal(uri), steps));

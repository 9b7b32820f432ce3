/**
 * The text of references: `${env:NAME}`, `${env:NAME:-default}`, `${env:NAME:?message}`, `${file:path}`, and `$$` for
 * a dollar.
 * They are found in scalars after YAML was parsed and are never parsed again once resolved.
 */

export type ReferencePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'env';
      readonly name: string;
      readonly fallback?: string;
      /** What is told where the variable is not set. */
      readonly message?: string;
    }
  /** `path` is relative to the folder of the configuration. */
  | { readonly kind: 'file'; readonly path: string };

/** Why a `${…}` is no reference. `offset` and `length` are in UTF-16 units of the text. */
export interface ReferenceProblem {
  readonly offset: number;
  readonly length: number;
  readonly reason: 'unterminated' | 'unknown-source' | 'bad-name' | 'no-path';
  /** What stands between the braces, or the name that is wrong. */
  readonly subject: string;
}

export interface ParsedReference {
  readonly parts: readonly ReferencePart[];
  readonly problems: readonly ReferenceProblem[];
}

/** What a reference can be read from. */
export const REFERENCE_SOURCES = ['env', 'file'] as const;

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const parseBody = (body: string, offset: number, length: number): ReferencePart | ReferenceProblem => {
  const problem = (reason: ReferenceProblem['reason'], subject: string) => ({
    offset,
    length,
    reason,
    subject,
  });
  const colon = body.indexOf(':');
  const source = colon < 0 ? body : body.slice(0, colon);
  const rest = colon < 0 ? '' : body.slice(colon + 1);
  if (source === 'file' && colon > 0)
    return rest === '' ? problem('no-path', body) : { kind: 'file', path: rest };
  if (source !== 'env' || colon < 0) return problem('unknown-source', source);
  const mark = rest.search(/:[-?]/);
  const name = mark < 0 ? rest : rest.slice(0, mark);
  const after = rest.slice(mark + 2);
  if (!VARIABLE.test(name)) return problem('bad-name', name);
  if (mark < 0) return { kind: 'env', name };
  return rest[mark + 1] === '-'
    ? { kind: 'env', name, fallback: after }
    : { kind: 'env', name, message: after };
};

/** Splits a scalar's text into literal parts (with `$$` already a dollar) and references. Never throws. */
export const parseReference = (text: string): ParsedReference => {
  const parts: ReferencePart[] = [];
  const problems: ReferenceProblem[] = [];
  let literal = '';
  const flush = () => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
  };
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) break;
    literal += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next !== '{') {
      literal += '$';
      at = dollar + (next === '$' ? 2 : 1);
      continue;
    }
    const close = text.indexOf('}', dollar);
    if (close < 0) {
      const subject = text.slice(dollar + 2);
      problems.push({ offset: dollar, length: text.length - dollar, reason: 'unterminated', subject });
      at = text.length;
      break;
    }
    const parsed = parseBody(text.slice(dollar + 2, close), dollar, close + 1 - dollar);
    at = close + 1;
    if ('reason' in parsed) {
      problems.push(parsed);
      continue;
    }
    flush();
    parts.push(parsed);
  }
  literal += text.slice(at);
  flush();
  return { parts, problems };
};

const afterName = ({ fallback, message }: Extract<ReferencePart, { kind: 'env' }>): string => {
  if (fallback !== undefined) return `:-${fallback}`;
  return message === undefined ? '' : `:?${message}`;
};

const partText = (part: ReferencePart): string => {
  switch (part.kind) {
    case 'text':
      return part.text.replaceAll('$', () => '$$');
    case 'env':
      return `\${env:${part.name}${afterName(part)}}`;
    case 'file':
      return `\${file:${part.path}}`;
  }
};

/** The text that {@link parseReference} splits into these parts. */
export const referenceText = (parts: readonly ReferencePart[]): string => parts.map(partText).join('');

/** Whether a scalar's text holds a `${`, well formed or not, that `$$` does not take back. */
export const hasReference = (text: string): boolean => {
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', at)) {
    if (text[at + 1] === '{') return true;
    at += text[at + 1] === '$' ? 2 : 1;
  }
  return false;
};

/** A text without references as it is meant: `$$` becomes `$`. */
export const unescapeDollar = (text: string): string =>
  text.includes('$$') ? text.replaceAll('$$', () => '$') : text;

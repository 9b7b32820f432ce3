/** Globs of resource URIs. */
import { compileGlobs, type Matcher } from './glob.ts';

/**
 * As {@link compileGlobs}, but a `*` among other characters never reaches over `..`: `file:///data/*` does not
 * match `file:///data/../etc/passwd`, however its dots and slashes are encoded, since the upstream may resolve
 * them. A URI spelt out in full matches as it stands, and a glob of nothing but `*` matches all.
 */
export const compileUriGlobs = (globs: readonly string[]): Matcher => {
  if (globs.some((glob) => /^\*+$/.test(glob))) return () => true;
  const spelt = compileGlobs(globs.filter((glob) => !glob.includes('*')));
  const wild = compileGlobs(globs.filter((glob) => glob.includes('*')));
  return (uri) => spelt(uri) || (wild(uri) && !hasDotSegments(uri));
};

/** A dot, slash or backslash, percent-encoded once or any number of times over. */
const ENCODED = /%(?:25)*(2e|2f|5c)/gi;
const DOT_SEGMENT = /(?:^|[/\\])\.\.?(?:$|[/\\?#;])/;

/** Whether the URI has a segment `.` or `..` once its percent-encoding is undone. */
const hasDotSegments = (uri: string): boolean => {
  const decoded = uri.includes('%')
    ? uri.replace(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : uri;
  return DOT_SEGMENT.test(decoded);
};

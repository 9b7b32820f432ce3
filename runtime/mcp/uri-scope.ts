/** Whether a URI is another one or a part of it. */

const isBoundary = (before: string, after: string): boolean =>
  before === '/' || after === '/' || after === '?' || after === '#';

/**
 * True for the same URI and for sub-resources of it (MCP 2026-07-28, subscriptions: an update may name one);
 * `data://a` has `data://a/b` as a part, but not `data://ab`.
 */
export const isWithin = (uri: string, scope: string): boolean =>
  uri === scope || (uri.startsWith(scope) && isBoundary(scope.at(-1) ?? '', uri.charAt(scope.length)));

/** Every text that `uri` is within: itself, and what it begins with up to each boundary. */
export const scopesOf = (uri: string): string[] => {
  const scopes = [uri];
  for (let at = uri.length - 1; at >= 0; at -= 1) {
    const character = uri.charAt(at);
    if (character !== '/' && character !== '?' && character !== '#') continue;
    if (character === '/' && at + 1 < uri.length) scopes.push(uri.slice(0, at + 1));
    if (at > 0) scopes.push(uri.slice(0, at));
  }
  return scopes;
};

/** A key that an object of a JSON text has twice. */

/** Strings, and what opens and closes. Run over sound JSON only: there every string ends. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g;

/** The first key that was there before in its object, with its offset; `text` is sound JSON. */
export const repeatedKey = (text: string): { readonly key: string; readonly offset: number } | undefined => {
  const open: (Set<string> | undefined)[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (/^\s*:/.test(text.slice(index + token.length, index + token.length + 64))) {
      const keys = open.at(-1);
      const key = JSON.parse(token) as string;
      if (keys?.has(key)) return { key, offset: index };
      keys?.add(key);
    }
  }
  return undefined;
};

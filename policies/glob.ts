/** Globs of the language: `*` stands for any run of characters, nothing else is special. Always anchored. */

/** Whether a text matches. */
export type Matcher = (text: string) => boolean;

const always: Matcher = () => true;

/** A matcher for one glob. Takes time in proportion to the text, whatever the glob. */
const compileGlob = (glob: string): Matcher => {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return (text) => text === first;
  const last = parts.at(-1) ?? '';
  const between = parts.slice(1, -1).filter((part) => part !== '');
  if (between.length === 0) {
    if (first === '' && last === '') return always;
    if (last === '') return (text) => text.startsWith(first);
  }
  const leastLength = first.length + last.length;
  return (text) => {
    if (text.length < leastLength || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const part of between) {
      const at = text.indexOf(part, from);
      if (at === -1 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
};

/** A matcher for what any of the globs matches; none match nothing. */
export const compileGlobs = (globs: readonly string[]): Matcher => {
  const names = new Set(globs.filter((glob) => !glob.includes('*')));
  const wild = globs.filter((glob) => glob.includes('*')).map(compileGlob);
  if (wild.includes(always)) return always;
  const [only] = wild;
  if (only === undefined) return (text) => names.has(text);
  if (wild.length === 1 && names.size === 0) return only;
  return (text) => names.has(text) || wild.some((matches) => matches(text));
};

/** Absolute http and https URLs, without credentials and fragment. */

/** What is wrong with a text as such a URL; undefined if nothing is. */
export const httpUrlProblem = (text: string): string | undefined => {
  if (!/^https?:\/\//i.test(text)) return 'it does not start with `https://` or `http://`';
  if (/[\s\\]/.test(text)) return 'it has a blank or a backslash in it';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname === '') return 'its host or port is wrong';
  if (url.username !== '' || url.password !== '') return 'it carries a user name or password';
  if (text.includes('#')) return 'it has a fragment';
  return undefined;
};

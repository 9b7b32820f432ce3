/** Paths of files that are read when the configuration is compiled. */
import type { FormatCheck } from './format.ts';

export const checkInputFile: FormatCheck = ({ text, place, report }) => {
  const problem =
    text === ''
      ? 'it is empty'
      : text.includes('\0')
        ? 'it has a NUL in it'
        : /^[a-z]+:\/\//i.test(text)
          ? 'it is a URL'
          : undefined;
  if (problem === undefined) return true;
  report('GW3015', place, { text, problem });
  return false;
};

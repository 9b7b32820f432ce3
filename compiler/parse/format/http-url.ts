/** Absolute http and https URLs, without credentials and fragment. */
import { httpUrlProblem } from '../../../schema/http-url.ts';
import type { FormatCheck } from './format.ts';

export const checkHttpUrl: FormatCheck = ({ text, place, report }) => {
  const problem = httpUrlProblem(text);
  if (problem === undefined) return true;
  report('GW3006', place, { text, problem });
  return false;
};

/** Absolute http and https URLs, without credentials and fragment. */
import { httpUrlProblem } from '../../../schema/http-url.ts';
import type { FormatCheck } from './format.ts';

export const checkHttpUrl: FormatCheck = ({ text, place, report }) => {
  const problem = httpUrlProblem(text);
  if (problem === undefined) return true;
  const whole = `https://${text}`;
  const isBare = /^[\w.-]+\.[a-z]{2,}(?::\d+)?(?:\/\S*)?$/i.test(text) && httpUrlProblem(whole) === undefined;
  const suggestion = isBare ? whole : undefined;
  const fixes = isBare ? [{ place, text: whole, applicability: 'maybe' as const }] : [];
  report('GW3006', place, { text, problem, suggestion }, { fixes });
  return false;
};

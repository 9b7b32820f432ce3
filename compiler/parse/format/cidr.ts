/** Address ranges. */
import { parseRange } from '../../address.ts';
import type { FormatCheck } from './format.ts';

export const checkCidr: FormatCheck = ({ text, place, report }) => {
  const range = parseRange(text);
  if (!range) {
    report('GW3005', place, { text });
    return false;
  }
  if (range.hasHostBits) {
    const fixes = [{ place, text: `"${range.canonical}"`, applicability: 'maybe' as const }];
    report('GW3014', place, { text, canonical: range.canonical }, { fixes });
  }
  return true;
};

/** `lints`: codes must exist and be such that their level may change; and what the levels make of findings. */
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { type Configuration, keyAt, keysAt } from '../configuration.ts';
import { CATALOGUE, type Code } from '../diagnostics/catalogue.ts';
import { isAdjustable } from '../diagnostics/entry.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Check } from './check.ts';

const isCode = (code: string): code is Code => Object.hasOwn(CATALOGUE, code);

export const checkLints: Check = (config, report) => {
  for (const code of keysAt(config, 'lints')) {
    const place = keyAt(config, 'lints', code);
    if (!isCode(code)) {
      const known = Object.keys(CATALOGUE).filter((known) => isCode(known) && isAdjustable(CATALOGUE[known]));
      const near = nearest(code, known);
      report('GW1030', place, { code, nearest: near }, { fixes: meantFix(place, code, near, known) });
    } else if (!isAdjustable(CATALOGUE[code])) {
      report('GW1031', place, { code, title: CATALOGUE[code].title });
    }
  }
};

/** A finding as the levels of the configuration have it; undefined if it is not to be told. */
export const levelled = ({ data }: Configuration, finding: Diagnostic): Diagnostic | undefined => {
  const { code } = finding;
  const level = Object.hasOwn(data.lints, code) ? data.lints[code] : undefined;
  if (level === undefined || !isCode(code) || !isAdjustable(CATALOGUE[code])) return finding;
  return level === 'off' ? undefined : { ...finding, severity: level };
};

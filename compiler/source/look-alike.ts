/** Plain scalars that YAML 1.1 and 1.2 read differently. */
import type { Report } from '../diagnostics/report.ts';
import type { SourceScalar } from './tree.ts';

const FLAGS: Readonly<Record<string, boolean>> = { yes: true, no: false, on: true, off: false };

const OCTAL = /^[-+]?0[0-9_]+$/;
const SEXAGESIMAL = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
const GROUPED = /^[-+]?[0-9]+(?:_[0-9]+)+$/;

const report11 = (
  scalar: SourceScalar,
  report: Report,
  meant: string,
  due: 'flag' | 'number' | 'text',
  reading: string,
): void => {
  // A number with zeros in front may have been meant as octal.
  const isGuess = due === 'number' && OCTAL.test(scalar.written);
  const applicability = isGuess ? 'maybe' : 'always';
  const fixes = [{ place: scalar.place, text: meant, applicability } as const];
  report('GW0011', scalar.place, { written: scalar.written, meant, due, reading }, { fixes });
};

const flagOf = (scalar: SourceScalar): boolean | undefined => {
  const word = scalar.written.toLowerCase();
  return scalar.style === 'plain' && Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
};

/** `yes` and the like where true or false is due; whether it was reported. */
export const flagLookAlike = (scalar: SourceScalar, report: Report): boolean => {
  const flag = flagOf(scalar);
  if (flag === undefined) return false;
  report11(scalar, report, String(flag), 'flag', String(flag));
  return true;
};

const numberReading = (written: string): string | undefined => {
  if (OCTAL.test(written)) {
    const digits = written.replace(/[-+_]/g, '');
    return /[89]/.test(digits) ? 'a text' : String(Number.parseInt(digits, 8));
  }
  if (SEXAGESIMAL.test(written)) {
    const parts = written.replace(/[-+_]/g, '').split(':');
    return String(parts.reduce((sum, part) => sum * 60 + Number(part), 0));
  }
  return GROUPED.test(written) ? `the number ${written.replaceAll('_', '')}` : undefined;
};

/** `0777`, `22:22`, `1_000` where a number is due; whether it was reported. */
export const numberLookAlike = (scalar: SourceScalar, report: Report): boolean => {
  const reading = scalar.style === 'plain' ? numberReading(scalar.written) : undefined;
  if (reading === undefined) return false;
  const plain = scalar.written.replaceAll('_', '').replace(/^([-+]?)0+(?=\d)/, '$1');
  report11(scalar, report, plain, 'number', reading);
  return true;
};

/** A plain `yes`, `0777` or the like where a text is due; whether it was reported. */
export const textLookAlike = (scalar: SourceScalar, report: Report): boolean => {
  const flag = flagOf(scalar);
  const reading = flag === undefined ? numberReading(scalar.written) : String(flag);
  if (scalar.style !== 'plain' || reading === undefined) return false;
  report11(scalar, report, `"${scalar.written}"`, 'text', reading);
  return true;
};

/** Whether a plain scalar with this text would be one of those. */
export const isLookAlike = (text: string): boolean =>
  Object.hasOwn(FLAGS, text.toLowerCase()) || numberReading(text) !== undefined;

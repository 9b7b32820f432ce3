/** Formats of texts: what a text must be beyond its type. */
import type { Report } from '../../diagnostics/report.ts';
import type { Place } from '../../source/source-file.ts';
import type { SourceScalar } from '../../source/tree.ts';
import type { Schema } from '../schema.ts';
import { checkBind } from './bind.ts';
import { checkCalendarDate } from './calendar-date.ts';
import { checkCidr } from './cidr.ts';
import { checkDateTime } from './date-time.ts';
import { checkEgressRange } from './egress-range.ts';
import { checkHeaderName } from './header-name.ts';
import { checkHost } from './host.ts';
import { checkHttpUrl } from './http-url.ts';
import { checkInputFile } from './input-file.ts';
import { checkOrigin } from './origin.ts';
import { checkPattern } from './pattern.ts';
import { checkPeerAddress } from './peer-address.ts';
import { checkStoreUrl } from './store-url.ts';
import { checkUnit, isUnitFormat } from './unit.ts';
import { checkUrlPath } from './url-path.ts';

/** A text under check. `place` is that of the scalar. */
export interface FormatInput {
  readonly text: string;
  readonly scalar: SourceScalar;
  readonly place: Place;
  readonly schema: Schema;
  readonly report: Report;
}

/** Reports what is wrong with the text; whether it is right. */
export type FormatCheck = (input: FormatInput) => boolean;

const CHECKS: Readonly<Record<string, FormatCheck>> = {
  bind: checkBind,
  'calendar-date': checkCalendarDate,
  cidr: checkCidr,
  'date-time': checkDateTime,
  'egress-range': checkEgressRange,
  'header-name': checkHeaderName,
  host: checkHost,
  'http-url': checkHttpUrl,
  'input-file': checkInputFile,
  origin: checkOrigin,
  pattern: checkPattern,
  'peer-address': checkPeerAddress,
  'store-url': checkStoreUrl,
  'url-path': checkUrlPath,
};

/** Whether a number that stands where the format's text is due is told by the format's own check. */
export const checksNumber = ({ value }: SourceScalar, format: string): boolean =>
  typeof value === 'number' && (isUnitFormat(format) || format === 'bind' || format === 'secret');

/** Checks a text, or a number as it is written, against the schema's format; whether it is right. */
export const checkFormat = (input: FormatInput): boolean => {
  const format = input.schema['x-format'];
  if (format === undefined || format === 'cel' || format === 'secret') return true;
  return isUnitFormat(format) ? checkUnit(format, input) : (CHECKS[format]?.(input) ?? true);
};

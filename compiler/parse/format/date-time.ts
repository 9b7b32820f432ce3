/** Instants: RFC 3339 date-time. */
import { isCalendarDate } from './calendar-date.ts';
import type { FormatCheck } from './format.ts';

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch; undefined if the text is no instant. */
export const instantMs = (text: string): number | undefined => {
  const match = DATE_TIME.exec(text);
  if (!match || !isCalendarDate(match[1]!)) return undefined;
  const ms = Date.parse(text.toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
};

export const checkDateTime: FormatCheck = ({ text, place, report }) => {
  if (instantMs(text) !== undefined) return true;
  report('GW3017', place, { text });
  return false;
};

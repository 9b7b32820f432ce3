/** Dates: RFC 3339 full-date, days that exist only. */
import type { FormatCheck } from './format.ts';

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysIn = (year: number, month: number): number => {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
};

/** Whether `year-month-day` is a day. */
export const isCalendarDate = (text: string): boolean => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  return day >= 1 && day <= daysIn(year, month);
};

export const checkCalendarDate: FormatCheck = ({ text, place, report }) => {
  if (isCalendarDate(text)) return true;
  report('GW3013', place, { text });
  return false;
};

/**
 * Timestamps. What is here stands in for the library's, which computes fields in the machine's own time zone,
 * builds a formatter for each call and takes a whole number for milliseconds.
 */
import type { CelFunc, CelInput } from '@bufbuild/cel';
import { celLibrary } from './late-library.ts';

const DAY_MS = 86_400_000;
/** Since then every zone's offset has changed only at quarters of an hour. */
const QUARTERS_SINCE_MS = Date.UTC(2000, 0, 1);
const QUARTER_MS = 900_000;

const FIXED_OFFSET = /^([+-]?)(\d\d):(\d\d)$/;
const MAX_ZONES = 128;

/** The offset of a zone is asked of the formatter once per quarter of an hour. */
interface Zone {
  readonly format: Intl.DateTimeFormat;
  quarter: number;
  offsetMs: number;
}

const zones = new Map<string, Zone>();

const zoneOf = (name: string): Zone => {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const zone = { format, quarter: Number.NaN, offsetMs: 0 };
  if (zones.size === MAX_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
};

const formattedOffsetMs = (format: Intl.DateTimeFormat, ms: number): number => {
  const field: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of format.formatToParts(ms)) field[type] = value;
  const year = field.era === 'BC' ? 1 - Number(field.year) : Number(field.year);
  const local = new Date(0);
  local.setUTCFullYear(year, Number(field.month) - 1, Number(field.day));
  local.setUTCHours(Number(field.hour), Number(field.minute), Number(field.second), 0);
  return local.getTime() - Math.floor(ms / 1000) * 1000;
};

const offsetMsAt = (zoneName: string, ms: number): number => {
  const fixed = FIXED_OFFSET.exec(zoneName);
  if (fixed !== null) {
    const size = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
    return fixed[1] === '-' ? -size : size;
  }
  const zone = zoneOf(zoneName);
  if (ms < QUARTERS_SINCE_MS) return formattedOffsetMs(zone.format, ms);
  const quarter = Math.floor(ms / QUARTER_MS);
  if (zone.quarter !== quarter) {
    zone.offsetMs = formattedOffsetMs(zone.format, ms);
    zone.quarter = quarter;
  }
  return zone.offsetMs;
};

/** Whether a name is a time zone that CEL's accessors take: `+02:00`, `UTC`, `Europe/Berlin`. */
export const isTimeZone = (name: string): boolean => {
  try {
    offsetMsAt(name, 0);
    return true;
  } catch {
    return false;
  }
};

const dayOfYear = (date: Date): number => {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / DAY_MS);
};

/** By name: what each accessor yields, given a date whose UTC fields are the local ones (cel-spec, langdef). */
const FIELDS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

/** What the library hands over for a timestamp. */
interface TimestampValue {
  readonly message: { readonly seconds: bigint; readonly nanos: number };
}

const fieldAt = (read: (date: Date) => number, { message }: TimestampValue, zoneName: string): bigint => {
  const ms = Number(message.seconds) * 1000 + Math.floor(message.nanos / 1_000_000);
  return BigInt(read(new Date(ms + offsetMsAt(zoneName, ms))));
};

/** From year 1 to 9999 (cel-spec, langdef, Timestamp). */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

const timestampAt = (seconds: bigint): CelInput => {
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) throw celLibrary().celError('timestamp out of range');
  return { $typeName: 'google.protobuf.Timestamp', seconds, nanos: 0 } as unknown as CelInput;
};

/** `timestamp(seconds)`, and the accessors without a zone (UTC) and with one. */
export const calendarFunctions = (): readonly CelFunc[] => {
  const { CelScalar, celFunc, celMethod, objectType } = celLibrary();
  const { INT, STRING } = CelScalar;
  const TIMESTAMP = objectType('google.protobuf.Timestamp');
  const ofSeconds = celFunc('timestamp', [INT], TIMESTAMP, (seconds) => timestampAt(seconds) as never);
  const accessors = Object.entries(FIELDS).flatMap(([name, read]): CelFunc[] => [
    celMethod(name, TIMESTAMP, [], INT, function () {
      return fieldAt(read, this as unknown as TimestampValue, '+00:00');
    }),
    celMethod(name, TIMESTAMP, [STRING], INT, function (zoneName) {
      return fieldAt(read, this as unknown as TimestampValue, zoneName);
    }),
  ]);
  return [ofSeconds, ...accessors];
};

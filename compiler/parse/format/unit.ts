/** Durations, sizes, rates and percentages: a number and its unit. */
import {
  DURATION_UNITS,
  durationMs,
  percentageRatio,
  quotaPerWindow,
  RATE_UNITS,
  ratePerPeriod,
  SIZE_UNITS,
  sizeBytes,
} from '../../../schema/unit.ts';
import type { FormatInput } from './format.ts';

interface Unit {
  readonly name: string;
  readonly code: 'GW3001' | 'GW3002' | 'GW3003' | 'GW3004' | 'GW3170';
  readonly units: readonly string[];
  readonly fallback: string;
  readonly isValid: (text: string) => boolean;
  /** What people write instead, by lower case. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Those of them that say something else, strictly taken. */
  readonly loose?: readonly string[];
}

const words = (unit: string, ...aliases: readonly string[]) =>
  Object.fromEntries(aliases.map((alias) => [alias, unit]));

const TIME_WORDS = {
  ...words('ms', 'msec', 'millis', 'milliseconds', 'millisecond'),
  ...words('s', 'sec', 'secs', 'second', 'seconds'),
  ...words('m', 'min', 'mins', 'minute', 'minutes'),
  ...words('h', 'hr', 'hrs', 'hour', 'hours'),
  ...words('d', 'day', 'days'),
};

const UNITS: Readonly<Record<string, Unit>> = {
  duration: {
    name: 'a duration',
    code: 'GW3001',
    units: DURATION_UNITS,
    fallback: 's',
    isValid: (text) => durationMs(text) !== undefined,
    aliases: TIME_WORDS,
  },
  size: {
    name: 'a size',
    code: 'GW3002',
    units: SIZE_UNITS,
    fallback: 'MiB',
    isValid: (text) => sizeBytes(text) !== undefined,
    aliases: {
      ...words('B', 'b', 'byte', 'bytes'),
      ...words('KiB', 'k', 'kb', 'kib', 'ki'),
      ...words('MiB', 'm', 'mb', 'mib', 'mi'),
      ...words('GiB', 'g', 'gb', 'gib', 'gi'),
    },
    loose: ['k', 'kb', 'm', 'mb', 'g', 'gb'],
  },
  rate: {
    name: 'a rate',
    code: 'GW3003',
    units: RATE_UNITS.map((unit) => `/${unit}`),
    fallback: '/m',
    isValid: (text) => (ratePerPeriod(text)?.count ?? 0) > 0,
    aliases: Object.fromEntries(Object.entries(TIME_WORDS).map(([alias, unit]) => [`/${alias}`, `/${unit}`])),
  },
  quota: {
    name: 'a quota',
    code: 'GW3170',
    units: RATE_UNITS.map((unit) => `/${unit}`),
    fallback: '/d',
    isValid: (text) => quotaPerWindow(text) !== undefined,
    aliases: Object.fromEntries(Object.entries(TIME_WORDS).map(([alias, unit]) => [`/${alias}`, `/${unit}`])),
  },
  percentage: {
    name: 'a percentage',
    code: 'GW3004',
    units: ['%'],
    fallback: '%',
    isValid: (text) => (percentageRatio(text) ?? 0) > 0,
    aliases: words('%', 'percent', 'pct'),
  },
};

export const isUnitFormat = (format: string): boolean => Object.hasOwn(UNITS, format);

const NUMBER_AND_REST = /^(\d+(?:\.\d+)?)\s*(.*)$/;

/** The unit that the field's own default or example uses. */
const usualUnit = ({ schema }: FormatInput, unit: Unit): string => {
  const shown = String(schema.default ?? schema.examples?.[0] ?? '');
  const usual = NUMBER_AND_REST.exec(shown)?.[2];
  return usual === undefined || usual === '' ? unit.fallback : usual;
};

/** Where a number's size tells its unit: large ones are counted in the smallest, shares of one are no percents. */
const withUnit = (format: string, value: number): string | undefined => {
  if (format === 'percentage')
    return value > 0 && value < 1 ? `${Math.round(value * 10_000) / 100}%` : undefined;
  if (format === 'duration' && value >= 1000) return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
  if (format !== 'size' || value < 1024) return undefined;
  const whole = [3, 2, 1].find((power) => value % 1024 ** power === 0) ?? 0;
  return `${value / 1024 ** whole}${SIZE_UNITS[whole]}`;
};

/** `600 per minute` as it is written here. */
const withSlash = (text: string): string =>
  text
    .replace(/^(\d+)\s*(?:per|\/)\s*(?:an?\s+|1\s*)?/i, '$1/')
    .replace(/^(\d+)(?:rps|r\/s|qps)$/i, '$1/s')
    .replace(/^(\d+)(?:rpm|r\/m)$/i, '$1/m');

/** Reports a text that is no `format`; whether it is one. */
export const checkUnit = (format: string, input: FormatInput): boolean => {
  const unit = UNITS[format]!;
  const { text, place, report } = input;
  const spelled = format === 'rate' ? withSlash(text) : text;
  if (unit.isValid(text)) return true;
  const match = NUMBER_AND_REST.exec(spelled);
  if (match?.[2] === '') {
    const suggestion = withUnit(format, Number(text)) ?? `${text}${usualUnit(input, unit)}`;
    const fixes = [{ place, text: suggestion, applicability: 'maybe' as const }];
    report('GW1010', place, { written: text, unit: unit.name, suggestion, units: unit.units }, { fixes });
    return false;
  }
  const written = match?.[2]?.replace(/\s/g, '') ?? '';
  const meant = unit.units.includes(written) ? written : unit.aliases[written.toLowerCase()];
  const suggestion = match && meant !== undefined ? `${match[1]}${meant}` : undefined;
  const usable = suggestion !== undefined && unit.isValid(suggestion) ? suggestion : undefined;
  const isGuess = unit.loose?.includes(written.toLowerCase()) === true;
  const applicability = isGuess ? 'maybe' : 'always';
  const fixes = usable === undefined ? [] : [{ place, text: usable, applicability } as const];
  report(unit.code, place, { text, suggestion: usable, units: unit.units }, { fixes });
  return false;
};

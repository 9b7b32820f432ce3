import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTimeZone } from '../../../policies/cel/calendar.ts';
import { CALL_ENVIRONMENT } from '../../../policies/cel/environment.ts';
import { prepareCel } from '../../../policies/cel/program.ts';
import { toolCall } from '../call-facts.ts';

const at = (time: string, expression: string) =>
  prepareCel(expression, CALL_ENVIRONMENT).evaluate(toolCall('x', { nowMs: Date.parse(time) }));

test.each([
  ['2026-11-20T09:30:15.250Z', 'now.getFullYear()', 2026n],
  ['2026-11-20T09:30:15.250Z', 'now.getMonth()', 10n],
  ['2026-11-20T09:30:15.250Z', 'now.getDate()', 20n],
  ['2026-11-20T09:30:15.250Z', 'now.getDayOfMonth()', 19n],
  ['2026-11-20T09:30:15.250Z', 'now.getDayOfWeek()', 5n],
  ['2026-11-20T09:30:15.250Z', 'now.getDayOfYear()', 323n],
  ['2026-11-20T09:30:15.250Z', 'now.getHours()', 9n],
  ['2026-11-20T09:30:15.250Z', 'now.getMinutes()', 30n],
  ['2026-11-20T09:30:15.250Z', 'now.getSeconds()', 15n],
  ['2026-11-20T09:30:15.250Z', 'now.getMilliseconds()', 250n],
  ['2026-11-20T23:30:00Z', "now.getDayOfWeek('Europe/Berlin')", 6n],
  ['2026-11-20T23:30:00Z', "now.getHours('Europe/Berlin')", 0n],
  ['2026-07-20T23:30:00Z', "now.getHours('Europe/Berlin')", 1n],
  ['2026-11-20T23:30:00Z', "now.getMinutes('Asia/Kolkata')", 0n],
  ['2026-11-20T23:30:00Z', "now.getDate('+05:30')", 21n],
  ['2026-11-20T00:30:00Z', "now.getDate('-01:00')", 19n],
  ['2026-01-01T00:30:00Z', "now.getFullYear('America/New_York')", 2025n],
  ['2026-01-01T00:30:00Z', "now.getDayOfYear('America/New_York')", 364n],
  ['1960-07-01T12:00:00Z', "now.getHours('Europe/London')", 13n],
  ['1890-01-01T12:00:00Z', "now.getMinutes('Europe/Amsterdam')", 17n],
  ['1969-12-31T23:59:59.999Z', 'now.getMilliseconds()', 999n],
])('at %s, %s is %s', (time, expression, field) => {
  expect(at(time, expression)).toBe(field);
});

test("the machine's own time zone plays no part, not even in an hour that it skips", () => {
  const zone = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
  try {
    expect(at('2026-03-29T02:30:00Z', 'now.getHours()')).toBe(2n);
    expect(at('2026-07-01T23:30:00Z', 'now.getDayOfYear()')).toBe(181n);
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test('the hours of a zone follow its changes, whatever was asked before', () => {
  expect(at('2026-03-29T00:59:59Z', "now.getHours('Europe/Berlin')")).toBe(1n);
  expect(at('2026-03-29T01:00:00Z', "now.getHours('Europe/Berlin')")).toBe(3n);
  expect(at('2026-10-25T00:59:59Z', "now.getHours('Europe/Berlin')")).toBe(2n);
  expect(at('2026-10-25T01:00:00Z', "now.getHours('Europe/Berlin')")).toBe(2n);
  expect(at('2026-03-29T00:59:59Z', "now.getHours('Europe/Berlin')")).toBe(1n);
});

test('the fields of any moment in any zone are what the platform formats', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'Africa/Casablanca',
  ];
  const program = zones.map((zone) => ({
    read: prepareCel(`now.getHours('${zone}') * 100 + now.getMinutes('${zone}')`, CALL_ENVIRONMENT),
    format: new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }),
  }));
  const moment = fc.integer({ min: Date.UTC(1971, 0, 1), max: Date.UTC(2037, 0, 1) });
  fc.assert(
    fc.property(moment, fc.constantFrom(...program), (nowMs, { read, format }) => {
      const expected = BigInt(format.format(nowMs).replace(':', ''));
      expect(read.evaluate(toolCall('x', { nowMs }))).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('a zone that does not exist is an error', () => {
  expect(at('2026-11-20T23:30:00Z', "now.getHours('Mars/Olympus') == 1")).toBeInstanceOf(Error);
  expect(isTimeZone('Mars/Olympus')).toBe(false);
  expect(isTimeZone('Europe/Berlin')).toBe(true);
  expect(isTimeZone('-08:00')).toBe(true);
});

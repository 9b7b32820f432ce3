import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventStreamParser } from '../../../../runtime/upstream/http/event-stream-parser.ts';
import { LargeEvent } from '../../../../runtime/upstream/http/large-event.ts';

/** What is passed on of an event whose data has begun, and how many bytes lie behind it. */
const pass = (chunks: readonly Buffer[]): { data: string; fields: string[]; behind: number } | undefined => {
  const parts: Buffer[] = [];
  const fields: string[] = [];
  let ended = false;
  const inflow = {
    push: (chunk: Buffer) => {
      parts.push(chunk);
      return true;
    },
    end: () => {
      ended = true;
    },
  };
  const event = new LargeEvent(inflow, true, (line) => fields.push(line));
  let behind = 0;
  let skipLf = false;
  for (const chunk of chunks) {
    if (event.ended) {
      behind += chunk.length - (skipLf && chunk[0] === 10 ? 1 : 0);
      if (chunk.length > 0) skipLf = false;
      continue;
    }
    behind += chunk.length - event.push(chunk);
    skipLf = event.endedWithCr;
  }
  return ended ? { data: Buffer.concat(parts).toString('utf8'), fields, behind } : undefined;
};

const split = (text: string, places: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text);
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
};

const line = fc.constantFrom('', ' ', 'é狐', 'data:', ': x', '{"a":1}', 'x'.repeat(100));
const field = fc.constantFrom('id: 7', 'retry: 10', ': comment', 'd', 'dat: x', 'datum: 1');

test('the data of an event is the same in pieces as in one, however its bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          line.map((text) => `data: ${text}`),
          line.map((text) => `data:${text}`),
          field,
        ),
      ),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat()),
      (lines, end, places) => {
        const rest = `${['begun', ...lines, '', 'data: next'].join(end)}`;
        const events: string[] = [];
        const sink = { onEvent: (data: string) => events.push(data), onTooLarge: () => undefined };
        new EventStreamParser(sink, 10_000).push(Buffer.from(`data: ${rest}`));
        const passed = pass(split(rest, places));
        expect(passed?.data).toBe(events[0]);
        expect(passed?.behind).toBe('data: next'.length);
        const told = lines.filter((each) => !each.startsWith('data') && !each.startsWith(':'));
        expect(passed?.fields.filter((each) => !each.startsWith('data'))).toEqual(told);
      },
    ),
  );
});

test('an event that breaks off has no end', () => {
  expect(pass([Buffer.from('begun\ndata: more\n')])).toBeUndefined();
});

test('a field of no end is refused', () => {
  const event = new LargeEvent({ push: () => true, end: () => undefined }, true, () => undefined);
  event.push(Buffer.from(`\nid: ${'x'.repeat(100_000)}`));
  expect(event.refused).toBe(true);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStreamParser } from '../../../../runtime/upstream/http/event-stream-parser.ts';

interface Read {
  readonly events: string[];
  readonly tooLarge: number;
  readonly lastEventId: string | undefined;
  readonly retryMs: number | undefined;
}

const read = (chunks: readonly (string | Buffer)[], maxBytes = 1000): Read => {
  const events: string[] = [];
  let tooLarge = 0;
  const sink = {
    onEvent: (data: string) => events.push(data),
    onTooLarge: () => {
      tooLarge += 1;
    },
  };
  const parser = new EventStreamParser(sink, maxBytes);
  for (const chunk of chunks) parser.push(Buffer.from(chunk as string));
  return { events, tooLarge, lastEventId: parser.lastEventId, retryMs: parser.retryMs };
};

describe('an event stream', () => {
  test('gives the data of its events, several lines joined', () => {
    expect(read(['data: one\n\ndata:two\ndata\ndata:  three\n\n']).events).toEqual(['one', 'two\n\n three']);
  });

  test('comments, unknown fields and events of other types are skipped', () => {
    const text =
      ': comment\nfoo: bar\nevent: ping\ndata: no\n\nevent: message\ndata: yes\n\nevent\ndata: too\n\n';
    expect(read([text]).events).toEqual(['yes', 'too']);
  });

  test('an unfinished event is none', () => {
    expect(read(['data: one\n\ndata: two\n']).events).toEqual(['one']);
  });

  test('ids count with the end of their event, also of one without data; retry is digits only', () => {
    expect(read(['id: 1\ndata: a\n\nid: 2\nretry: 30\ndata:\n\nid: 3\ndata: c\n'])).toMatchObject({
      events: ['a'],
      lastEventId: '2',
      retryMs: 30,
    });
    expect(read(['id: 1\n\nid\n\n']).lastEventId).toBe('');
    expect(read(['id: a\0b\n\nretry: 1x\nretry: -1\nretry: 99999999999\n\n'])).toMatchObject({
      lastEventId: undefined,
      retryMs: undefined,
    });
  });

  test('a byte order mark is skipped at the start only', () => {
    expect(read(['\uFEFFdata: a\n\n']).events).toEqual(['a']);
    expect(read(['data: a\n\n\uFEFFdata: b\n\n']).events).toEqual(['a']);
    expect(read(['\uFEFF\ndata: a\n\n']).events).toEqual(['a']);
  });

  test('is the same whatever its line ends are and however its bytes are cut', () => {
    const field = fc.constantFrom(
      'data: grüße 🎉',
      'data:',
      'data: x',
      ': c',
      'id: 7',
      'retry: 5',
      'event: other',
      '',
    );
    fc.assert(
      fc.property(
        fc.array(field, { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 30 }),
        (lines, end, cuts) => {
          const whole = read([`${lines.join('\n')}\n\n`]);
          const bytes = Buffer.from(`${lines.join(end)}${end}${end}`);
          const places = [...cuts.filter((at) => at < bytes.length), 0, bytes.length].sort((a, b) => a - b);
          const chunks = places.slice(1).map((at, index) => bytes.subarray(places[index], at));
          expect(read(chunks)).toEqual(whole);
        },
      ),
    );
  });

  test('an event or a line over the bound ends it, told once', () => {
    const line = `data: ${'x'.repeat(400)}\n`;
    expect(read([line, line, '\n', line, '\n'])).toMatchObject({
      events: [expect.any(String), expect.any(String)],
    });
    expect(read([line, line, line, '\n', line])).toMatchObject({ events: [], tooLarge: 1 });
    expect(read(['data: ', ...Array.from({ length: 50 }, () => 'x'.repeat(100))])).toMatchObject({
      events: [],
      tooLarge: 1,
    });
  });

  test('comments without end hold no memory and are no event that is too large', () => {
    const comments = Array.from({ length: 1000 }, () => ': still here\n');
    expect(read([...comments, 'data: a\n\n'])).toMatchObject({ events: ['a'], tooLarge: 0 });
  });
});

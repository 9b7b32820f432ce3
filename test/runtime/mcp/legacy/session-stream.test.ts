import { describe, expect, it } from 'vitest';
import type { EventStream } from '../../../../runtime/listen/event-stream.ts';
import { UnreadRoom } from '../../../../runtime/listen/unread-room.ts';
import { SessionStreams } from '../../../../runtime/mcp/legacy/session-stream.ts';

const MEBIBYTE = 'x'.repeat(1024 * 1024);

/** A connection that notes what it is sent; a slow one says that it waits. */
const connection = (slow = false) => {
  const sent: (readonly [id: string, data: string])[] = [];
  const sink = {
    onClose: undefined as (() => void) | undefined,
    onSent: undefined as (() => void) | undefined,
    ended: false,
    send: (data: string, id: string) => sent.push([id, data]) > 0 && !slow,
    end: () => {
      sink.ended = true;
    },
  };
  return { sink, sent, stream: sink as unknown as EventStream };
};

describe('the streams of a session', () => {
  it('send what comes while nobody is connected to whoever connects next', () => {
    const { standalone } = new SessionStreams();
    standalone.append('one');
    const first = connection();
    standalone.attach(first.stream, undefined);
    standalone.append('two');
    expect(first.sent.map(([, data]) => data)).toEqual(['one', 'two']);
    const second = connection();
    standalone.attach(second.stream, undefined);
    expect(first.sink.ended).toBe(true);
    expect(second.sent).toEqual([]);
  });

  it('send what a connection took no more to whoever connects next, and only that', () => {
    const { standalone } = new SessionStreams();
    const full = connection();
    standalone.attach(full.stream, undefined);
    standalone.append('taken');
    full.sink.send = () => {
      full.sink.onClose?.();
      return false;
    };
    standalone.append('refused');
    standalone.append('later');
    full.sink.onSent?.();
    const next = connection();
    standalone.attach(next.stream, undefined);
    expect(full.sent.map(([, data]) => data)).toEqual(['taken']);
    expect(next.sent.map(([, data]) => data)).toEqual(['refused', 'later']);
  });

  it('send again what came after the event that a client saw last, and nothing of other streams', () => {
    const streams = new SessionStreams();
    const [mine, other] = [streams.open(), streams.open()];
    for (const data of ['a', 'b', 'c']) mine.append(data);
    other.append('not mine');
    const found = streams.find(mine.eventId(1))!;
    const back = connection();
    found.stream.attach(back.stream, found.sequence);
    expect(back.sent.map(([, data]) => data)).toEqual(['b', 'c']);
  });

  it('end a connection that comes back to a stream that is over', () => {
    const streams = new SessionStreams();
    const stream = streams.open();
    stream.append('answer');
    stream.finish();
    const back = connection();
    stream.attach(back.stream, 0);
    expect(back.sent.map(([, data]) => data)).toEqual(['answer']);
    expect(back.sink.ended).toBe(true);
  });

  it.each(['', 'x', '0-', '-0', 'zzzzzzzzzzz-1', '1-1\n', '99-0', '__proto__'])('know no event %j', (id) => {
    expect(new SessionStreams().find(id)).toBeUndefined();
  });

  it('keep a bounded amount of what was delivered', () => {
    const streams = new SessionStreams();
    const answers = Array.from({ length: 20 }, () => {
      const stream = streams.open();
      stream.attach(connection().stream, undefined);
      stream.append(MEBIBYTE);
      stream.finish();
      return stream;
    });
    expect(streams.find(answers[0]!.eventId(0))).toBeUndefined();
    expect(streams.find(answers.at(-1)!.eventId(0))).toBeDefined();
  });

  it('keep what nobody was sent yet, however much of it was delivered on other streams', () => {
    const streams = new SessionStreams();
    const waiting = streams.open();
    waiting.append('result');
    waiting.finish();
    for (let other = 0; other < 100; other += 1) {
      const stream = streams.open();
      stream.attach(connection().stream, undefined);
      stream.append('small');
      stream.finish();
    }
    const running = streams.open();
    expect(streams.find(running.lastEventId)).toBeDefined();
    const back = connection();
    streams.find(waiting.eventId(0))?.stream.attach(back.stream, 0);
    expect(back.sent.map(([, data]) => data)).toEqual(['result']);
  });

  it('give up the oldest when there is too little room, what was delivered first, and count for nothing once closed', () => {
    const room = new UnreadRoom();
    const streams = new SessionStreams(room);
    const [read, unread] = [streams.open(), streams.open()];
    read.attach(connection().stream, undefined);
    read.append(MEBIBYTE);
    for (const data of [MEBIBYTE, 'last']) unread.append(data);
    expect(room.bytes).toBe(2 * MEBIBYTE.length + 'last'.length);
    streams.relieve(MEBIBYTE.length + 100);
    const whole = connection();
    unread.attach(whole.stream, 0);
    expect(whole.sent.map(([, data]) => data.length)).toEqual([MEBIBYTE.length, 4]);
    streams.relieve(64 * 1024);
    expect(room.bytes).toBe(0);
    const rest = connection();
    unread.attach(rest.stream, 0);
    expect(rest.sent.map(([, data]) => data)).toEqual(['last']);
    unread.append(MEBIBYTE);
    streams.close();
    expect(room.bytes).toBe(0);
  });

  it.each([false, true])('keep a large event until its client has it, over by then: %s', (over) => {
    const streams = new SessionStreams();
    const stream = streams.open();
    const broken = connection(true);
    stream.attach(broken.stream, undefined);
    const large = MEBIBYTE.repeat(12);
    stream.append(large);
    if (over) stream.finish();
    else broken.sink.onClose!();
    streams.open().append('of another');
    const back = connection(true);
    streams.find(stream.eventId(0))!.stream.attach(back.stream, 0);
    expect(back.sent.map(([, data]) => data === large)).toEqual([true]);
    back.sink.onSent!();
    expect(stream.delivered).toBe(true);
    const late = connection();
    streams.find(stream.eventId(0))?.stream.attach(late.stream, 0);
    expect(late.sent).toEqual([]);
  });
});

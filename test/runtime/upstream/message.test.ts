import { describe, expect, it } from 'vitest';
import { parseMessages } from '../../../runtime/upstream/message.ts';

const DEPTH = 20_000;
const deep = '{"0":'.repeat(DEPTH) + 1 + '}'.repeat(DEPTH);

describe('parseMessages', () => {
  it.each(['{}', '[]', 'true', '[1]', deep])('takes nothing for a message whose id is %.9s', (id) => {
    expect(parseMessages(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)).toBeUndefined();
    expect(parseMessages(`[{"jsonrpc":"2.0","method":"a"},{"id":${id},"method":"ping"}]`)).toBeUndefined();
  });

  it.each(['"a"', '""', '7', '0', 'null', '1.5'])('takes %s for an id', (id) => {
    expect(parseMessages(`{"id":${id},"method":"ping"}`)).toEqual({ id: JSON.parse(id), method: 'ping' });
  });

  it('gives the messages of a batch with the text that came', () => {
    const first = '{ "method":"a\\u0020]" , "params":{"n":1.0,"deep":[[],{}]}}';
    const second = `{"method":"b","params":${deep}}`;
    const parsed = parseMessages(` [\n${first} ,\t${second}\r\n]`) as { text: string; message: object }[];
    expect(parsed.map(({ text }) => text)).toEqual([first, second]);
    expect(parsed[0]!.message).toEqual(JSON.parse(first));
  });

  it.each(['', 'null', '7', '"text"', '[]', '[1]', '[{},null]', '[[]]', '{', '[{}'])(
    'takes %s for nothing',
    (text) => {
      expect(parseMessages(text)).toBeUndefined();
    },
  );
});

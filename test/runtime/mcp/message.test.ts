import { describe, expect, it } from 'vitest';
import { isRefused, parseJson, readMessage } from '../../../runtime/mcp/message.ts';

const read = (text: string) => readMessage(text, parseJson(text), 64);

describe('readMessage', () => {
  it('keeps the text of an id as it was written', () => {
    expect(read('{"jsonrpc":"2.0","id":12345678901234567890,"method":"m"}')).toMatchObject({
      idText: '12345678901234567890',
    });
    expect(read('{"jsonrpc":"2.0","id":"1","method":"m"}')).toMatchObject({ kind: 'request', idText: '"1"' });
  });

  it('tells requests, notifications and responses apart', () => {
    expect(read('{"jsonrpc":"2.0","method":"m"}')).toMatchObject({ kind: 'notification' });
    expect(read('{"jsonrpc":"2.0","id":1,"result":{}}')).toMatchObject({ kind: 'response' });
    expect(read('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}')).toMatchObject({
      kind: 'response',
    });
  });

  it.each([
    'null',
    '7',
    '"text"',
    '{}',
    '{"jsonrpc":"1.0","id":1,"method":"m"}',
    '{"jsonrpc":"2.0","id":null,"method":"m"}',
    '{"jsonrpc":"2.0","id":{},"method":"m"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"m"}',
    '{"jsonrpc":"2.0","id":1e400,"method":"m"}',
    '{"jsonrpc":"2.0","id":1,"method":7}',
    '{"jsonrpc":"2.0","id":1,"method":"m","params":[]}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
    '{"jsonrpc":"2.0","result":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}',
  ])('refuses %s', (text) => {
    const refused = read(text);
    expect(isRefused(refused) && refused.error.rpcCode).toBe(-32600);
  });
});

import { describe, expect, it } from 'vitest';
import { isRefused, type Message, readMessage } from '../../../../runtime/mcp/message.ts';
import { refuseUntold, underCeiling } from '../../../../runtime/mcp/modern/client-ceiling.ts';
import { readResponse } from '../../../../runtime/mcp/response.ts';
import { META } from '../../../../runtime/mcp/revision.ts';
import { ALL_FEATURES } from '../../../support/all-features.ts';

const message = (capabilities: string): Message => {
  const meta = `"x": 1.0,"${META.clientCapabilities}": ${capabilities},"y":2`;
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{${meta}}}}`;
  const read = readMessage(text, JSON.parse(text), 64);
  if (isRefused(read)) throw read.error;
  return read;
};

const asking = (method: string) => {
  const result = { resultType: 'input_required', inputRequests: { a: { method, params: {} } } };
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
  return readResponse(text, JSON.parse(text));
};

describe('underCeiling', () => {
  it('leaves a request alone where all is on, or nothing is declared that is off', () => {
    const all = message('{"elicitation":{},"sampling":{},"roots":{}}');
    expect(underCeiling(all, ALL_FEATURES)).toBe(all);
    const other = message('{"experimental":{"elicitation":{}}}');
    expect(underCeiling(other, { ...ALL_FEATURES, elicitation: false })).toBe(other);
  });

  it('takes out what is off, in text and value, and keeps every other byte', () => {
    const sent = message('{"elicitation": {"url":{}}, "roots":{"n": 1.0}}');
    const { text, meta, params, members } = underCeiling(sent, {
      ...ALL_FEATURES,
      elicitation: false,
      sampling: false,
    });
    expect(text).toBe(message('{"roots":{"n": 1.0}}').text);
    expect(meta![META.clientCapabilities]).toEqual({ roots: { n: 1 } });
    expect(params._meta).toBe(meta);
    const at = members.meta!.keys.indexOf('y');
    expect(text.slice(members.meta!.starts[at], members.meta!.ends[at])).toBe('2');
  });

  it('takes out the tasks extension and leaves the other ones', () => {
    const tasks = '"io.modelcontextprotocol/tasks":{}';
    const sent = message(`{"sampling":{},"extensions":{${tasks},"com.example/x":{"a":[1]}}}`);
    expect(underCeiling(sent, ALL_FEATURES)).toBe(sent);
    const { text, meta } = underCeiling(sent, { ...ALL_FEATURES, tasks: false });
    expect(text).not.toContain('tasks');
    expect(meta![META.clientCapabilities]).toEqual({
      sampling: {},
      extensions: { 'com.example/x': { a: [1] } },
    });
    expect(JSON.parse(text).params._meta).toEqual(meta);
    const { meta: bare } = underCeiling(message(`{"roots":{},"extensions":{${tasks}}}`), {
      ...ALL_FEATURES,
      roots: false,
      tasks: false,
    });
    expect(bare![META.clientCapabilities]).toEqual({ extensions: {} });
  });

  it('sees through escapes', () => {
    const { text } = underCeiling(message('{"\\u0065licitation":{}}'), {
      ...ALL_FEATURES,
      elicitation: false,
    });
    expect(text).toBe(message('{}').text);
  });
});

describe('refuseUntold', () => {
  it.each([
    ['elicitation/create', 'elicitation'],
    ['sampling/createMessage', 'sampling'],
    ['roots/list', 'roots'],
  ] as const)('lets %s pass as long as %s is on', (method, feature) => {
    expect(() => refuseUntold(asking(method), ALL_FEATURES)).not.toThrow();
    expect(() => refuseUntold(asking(method), { ...ALL_FEATURES, [feature]: false })).toThrow(
      expect.objectContaining({ code: 'upstream_protocol' }),
    );
  });

  it('refuses the error code that asks a client of 2025-11-25 for a URL', () => {
    const text = '{"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"open https://evil.example"}}';
    expect(() => refuseUntold(readResponse(text, JSON.parse(text)), ALL_FEATURES)).toThrow(
      expect.objectContaining({ code: 'not_supported' }),
    );
  });
});

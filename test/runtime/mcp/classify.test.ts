import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../runtime/errors.ts';
import { classify, type RequestHeaders } from '../../../runtime/mcp/classify.ts';
import { isRefused, type Message, readMessage } from '../../../runtime/mcp/message.ts';
import { META, MODERN_VERSION } from '../../../runtime/mcp/revision.ts';

const ENVELOPE = { [META.protocolVersion]: MODERN_VERSION, [META.clientCapabilities]: {} };

const message = (method: string, params: object, meta: object | null = ENVELOPE): Message => {
  const value = {
    jsonrpc: '2.0',
    id: 1,
    method,
    params: meta === null ? params : { ...params, _meta: meta },
  };
  const read = readMessage(JSON.stringify(value), value, 64);
  if (isRefused(read)) throw read.error;
  return read;
};

const headers = (method: string, name?: string, version = MODERN_VERSION): RequestHeaders => ({
  'mcp-protocol-version': version,
  'mcp-method': method,
  ...(name === undefined ? undefined : { 'mcp-name': name }),
});

const EXTENSIONS = new Map([
  ['catalog/search', { kind: 'extension', name: 'catalog/search', upstream: 'a' }],
] as const);

const outcome = (read: Message, sent: RequestHeaders): string => {
  const classified = classify(read, sent, [MODERN_VERSION], EXTENSIONS);
  return classified instanceof GatewayError ? `${classified.status} ${classified.rpcCode}` : classified.era;
};

describe('classify', () => {
  it('takes a request with a whole envelope and headers that agree as modern', () => {
    expect(outcome(message('tools/list', {}), headers('tools/list'))).toBe('modern');
    expect(outcome(message('tools/call', { name: 'a' }), headers('tools/call', 'a'))).toBe('modern');
    expect(outcome(message('tools/call', { name: 'é' }), headers('tools/call', '=?base64?w6k=?='))).toBe(
      'modern',
    );
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'does not know a method %s',
    (method) => {
      expect(outcome(message(method, {}), headers(method))).toBe('404 -32601');
    },
  );

  it('takes a request without claim and without a modern header as legacy', () => {
    expect(outcome(message('tools/list', {}, null), {})).toBe('legacy');
    expect(outcome(message('initialize', {}, null), headers('initialize', undefined, '2025-11-25'))).toBe(
      'legacy',
    );
  });

  it.each([
    ['no _meta under a modern header', message('tools/list', {}, null), headers('tools/list'), '400 -32602'],
    [
      'no capabilities',
      message('tools/list', {}, { [META.protocolVersion]: MODERN_VERSION }),
      headers('tools/list'),
      '400 -32602',
    ],
    [
      'a version that is no text',
      message('tools/list', {}, { ...ENVELOPE, [META.protocolVersion]: 7 }),
      headers('tools/list'),
      '400 -32602',
    ],
    ['no version header', message('tools/list', {}), { 'mcp-method': 'tools/list' }, '400 -32020'],
    [
      'another version in the header',
      message('tools/list', {}),
      headers('tools/list', undefined, 'v999'),
      '400 -32020',
    ],
    ['another method in the header', message('tools/list', {}), headers('prompts/list'), '400 -32020'],
    ['another case of the method', message('tools/list', {}), headers('TOOLS/LIST'), '400 -32020'],
    ['no name header', message('tools/call', { name: 'a' }), headers('tools/call'), '400 -32020'],
    [
      'another name in the header',
      message('tools/call', { name: 'a' }),
      headers('tools/call', 'b'),
      '400 -32020',
    ],
    ['a name that is no text', message('tools/call', { name: 7 }), headers('tools/call', '7'), '400 -32602'],
    ['an unknown method', message('unknown/method', {}), headers('unknown/method'), '404 -32601'],
    ['a method of the older revisions', message('ping', {}), headers('ping'), '404 -32601'],
    ['initialize with a modern envelope', message('initialize', {}), headers('initialize'), '404 -32601'],
    [
      'initialize under a modern header alone',
      message('initialize', {}, null),
      headers('initialize'),
      '400 -32020',
    ],
  ])('refuses %s', (_what, read, sent, expected) => {
    expect(outcome(read, sent)).toBe(expected);
  });

  it('knows the methods of a table besides those of the protocol', () => {
    expect(outcome(message('catalog/search', {}), headers('catalog/search'))).toBe('modern');
    expect(outcome(message('catalog/delete', {}), headers('catalog/delete'))).toBe('404 -32601');
  });

  it('names the versions that it speaks to a client of another one', () => {
    const unknown = message('tools/list', {}, { ...ENVELOPE, [META.protocolVersion]: 'v999.0.0' });
    const refused = classify(
      unknown,
      headers('tools/list', undefined, 'v999.0.0'),
      [MODERN_VERSION],
      EXTENSIONS,
    );
    expect(refused).toMatchObject({
      rpcCode: -32022,
      data: { supported: [MODERN_VERSION], requested: 'v999.0.0' },
    });
  });
});

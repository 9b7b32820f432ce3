import { describe, expect, it } from 'vitest';
import { type MessageContext, messageFaults, REVISIONS, type Revision } from './message-schema.ts';

const SERVER: MessageContext = { from: 'server' };
const CLIENT: MessageContext = { from: 'client' };
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

const request = (method: string, params?: object) => ({ jsonrpc: '2.0', id: 1, method, params });
const result = (value: object) => ({ jsonrpc: '2.0', id: 1, result: value });
const failure = (code: number, data?: object) => ({
  jsonrpc: '2.0',
  id: 1,
  error: { code, message: 'no', ...(data && { data }) },
});
const answering = (method: string): MessageContext => ({ from: 'server', answers: method });

describe.each(REVISIONS.slice(0, -1))('messages of %s', (revision: Revision) => {
  it('pass where they are as the revision wants them', () => {
    const initialize = request('initialize', {
      protocolVersion: revision,
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    });
    expect(messageFaults(revision, initialize, CLIENT)).toEqual([]);
    expect(messageFaults(revision, request('ping'), SERVER)).toEqual([]);
    expect(messageFaults(revision, result({ tools: [] }), answering('tools/list'))).toEqual([]);
    expect(messageFaults(revision, result({ _meta: {} }), answering('ping'))).toEqual([]);
    expect(messageFaults(revision, failure(-31001), SERVER)).toEqual([]);
  });

  it('fail where a result is not that of its request', () => {
    expect(messageFaults(revision, result({ prompts: [] }), answering('tools/list'))).not.toEqual([]);
    expect(
      messageFaults(revision, result({ content: [{ type: 'text' }] }), answering('tools/call')),
    ).not.toEqual([]);
  });

  it('fail where an empty result is not empty, or a result is of a later revision', () => {
    expect(messageFaults(revision, result({ ok: true }), answering('ping'))).not.toEqual([]);
    expect(
      messageFaults(revision, result({ tools: [], resultType: 'complete' }), answering('tools/list')),
    ).not.toEqual([]);
  });

  it('fail where the method is not one that the side sends', () => {
    expect(messageFaults(revision, request('tools/list'), SERVER)).not.toEqual([]);
    expect(messageFaults(revision, request('server/discover', { _meta: META }), CLIENT)).not.toEqual([]);
    expect(
      messageFaults(revision, { jsonrpc: '2.0', method: 'notifications/initialized' }, SERVER),
    ).not.toEqual([]);
  });
});

describe('messages of 2026-07-28', () => {
  const check = (message: unknown, context: MessageContext) => messageFaults('2026-07-28', message, context);

  it('pass where they are as the revision wants them', () => {
    expect(check(request('tools/call', { name: 't', _meta: META }), CLIENT)).toEqual([]);
    const list = { tools: [], resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    expect(check(result(list), answering('tools/list'))).toEqual([]);
    expect(check(result({ content: [], resultType: 'complete' }), answering('tools/call'))).toEqual([]);
    const asks = { resultType: 'input_required', requestState: 's' };
    expect(check(result(asks), answering('tools/call'))).toEqual([]);
  });

  it('fail without resultType, cache hints or envelope', () => {
    expect(check(result({ content: [] }), answering('tools/call'))).not.toEqual([]);
    expect(check(result({ tools: [], resultType: 'complete' }), answering('tools/list'))).not.toEqual([]);
    expect(check(request('tools/call', { name: 't' }), CLIENT)).not.toEqual([]);
  });

  it('fail where input is asked for wrongly', () => {
    const asks = { resultType: 'input_required', requestState: 's' };
    expect(check(result(asks), answering('tools/list'))).not.toEqual([]);
    expect(check(result({ resultType: 'input_required' }), answering('tools/call'))).not.toEqual([]);
    expect(check(result({ ...asks, ttlMs: 0, cacheScope: 'private' }), answering('tools/call'))).not.toEqual(
      [],
    );
    expect(check(result({ content: [], resultType: 'later' }), answering('tools/call'))).not.toEqual([]);
  });

  it('fail where a server asks by a request', () => {
    expect(check(request('ping'), SERVER)).not.toEqual([]);
    expect(check(request('roots/list'), SERVER)).not.toEqual([]);
  });

  it('hold errors to the form of their code, and refuse codes that are reserved or retired', () => {
    const data = { supported: ['2026-07-28'], requested: 'v9' };
    expect(check(failure(-32022, data), SERVER)).toEqual([]);
    expect(check(failure(-32022), SERVER)).not.toEqual([]);
    expect(check(failure(-32021, { requiredCapabilities: { sampling: {} } }), SERVER)).toEqual([]);
    expect(check(failure(-32021, { requiredCapabilities: ['sampling'] }), SERVER)).not.toEqual([]);
    for (const code of [-32002, -32042, -32023, -32099]) expect(check(failure(code), SERVER)).not.toEqual([]);
  });
});

describe('any message', () => {
  it('has nothing around it that its kind does not know', () => {
    for (const revision of REVISIONS) {
      expect(messageFaults(revision, { ...failure(-32601), result: {} }, SERVER)).not.toEqual([]);
      expect(messageFaults(revision, { ...failure(-32601), extra: 1 }, SERVER)).not.toEqual([]);
      expect(messageFaults(revision, { jsonrpc: '2.0', id: 1 }, SERVER)).not.toEqual([]);
      expect(messageFaults(revision, { ...failure(-32601), id: null }, SERVER)).not.toEqual([]);
      expect(messageFaults(revision, 'text', SERVER)).not.toEqual([]);
    }
  });

  it('may be an error without an id, where no request could be read', () => {
    const message = { jsonrpc: '2.0', error: { code: -32700, message: 'no' } };
    for (const revision of REVISIONS) expect(messageFaults(revision, message, SERVER)).toEqual([]);
  });

  it('of a form may bound numbers by any number', () => {
    const form = request('elicitation/create', {
      message: 'm',
      requestedSchema: { type: 'object', properties: { n: { type: 'number', minimum: 0.5, maximum: 1.5 } } },
    });
    expect(messageFaults('2025-06-18', form, SERVER)).toEqual([]);
    expect(messageFaults('2025-11-25', form, SERVER)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { initializedPeer, readDiscover } from '../../../runtime/upstream/discovery.ts';

const nested = (levels: number): object => JSON.parse(`${'{"a":'.repeat(levels)}{}${'}'.repeat(levels)}`);
const listed = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const refused = expect.objectContaining({ code: 'upstream_protocol' });

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
const READERS = {
  initialize: ({ serverInfo, ...said }: Readonly<Record<string, unknown>>) =>
    initializedPeer({ result: { protocolVersion: '2025-11-25', serverInfo, ...said } }),
  'server/discover': ({ serverInfo, ...said }: Readonly<Record<string, unknown>>) => {
    const _meta = { [SERVER_INFO]: serverInfo };
    const found = readDiscover({ result: { supportedVersions: ['2026-07-28'], _meta, ...said } });
    return found.kind === 'modern' ? found.peer : found;
  },
};

describe.each(Object.entries(READERS))('what an upstream says of itself by %s', (_method, read) => {
  test('is bounded in depth', () => {
    const capabilities = nested(63);
    expect(read({ capabilities })).toMatchObject({ capabilities });
    expect(() => read({ capabilities: nested(64) })).toThrow(refused);
    expect(() => read({ capabilities: { extensions: listed(64) } })).toThrow(refused);
    expect(() => read({ serverInfo: nested(100_000) })).toThrow(refused);
  });

  test('is bounded in size, all of it together', () => {
    const instructions = 'x'.repeat(200 * 1024);
    expect(read({ instructions })).toMatchObject({ instructions });
    expect(() => read({ instructions: 'x'.repeat(256 * 1024) })).toThrow(refused);
    expect(() => read({ instructions: 'ü'.repeat(128 * 1024) })).toThrow(refused);
    expect(() => read({ instructions, capabilities: { experimental: { a: instructions } } })).toThrow(
      refused,
    );
    expect(() => read({ instructions, serverInfo: { name: instructions } })).toThrow(refused);
  });
});

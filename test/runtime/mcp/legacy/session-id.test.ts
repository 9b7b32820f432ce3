import { describe, expect, it } from 'vitest';
import { openSessionId, sealSessionId } from '../../../../runtime/mcp/legacy/session-id.ts';
import { Sealer } from '../../../../runtime/sealing/sealer.ts';

const ALICE = { principalKey: 'jwt:https://id.example.com#alice', serverName: 'engineering' };
const ORIGIN = { owner: 'process-7', createdMs: 1_790_000_000_123 };

describe('the id of a session', () => {
  const sealer = new Sealer();
  const id = sealSessionId(sealer, ALICE, ORIGIN);

  it('is visible ASCII, as the protocol wants it, and never the same twice', () => {
    expect(id).toMatch(/^[\x21-\x7e]{40,128}$/);
    expect(sealSessionId(sealer, ALICE, ORIGIN)).not.toBe(id);
  });

  it('tells its maker whose it is and since when, and nobody else anything', () => {
    expect(openSessionId(sealer, ALICE, id)).toEqual(ORIGIN);
    const bytes = Buffer.from(id, 'base64url').toString('latin1');
    for (const secret of ['alice', 'engineering', ORIGIN.owner, ORIGIN.createdMs.toString(36)])
      expect(bytes).not.toContain(secret);
  });

  it('is good for one principal on one server, and for one set of keys', () => {
    expect(openSessionId(sealer, { ...ALICE, principalKey: 'anonymous' }, id)).toBeUndefined();
    expect(openSessionId(sealer, { ...ALICE, serverName: 'finance' }, id)).toBeUndefined();
    expect(openSessionId(new Sealer(), ALICE, id)).toBeUndefined();
  });

  it('is not one if it was sealed for another purpose, is cut, or far too long', () => {
    const bound = [ALICE.principalKey, ALICE.serverName];
    expect(openSessionId(sealer, ALICE, sealer.seal('cursor', bound, 'process-7 1'))).toBeUndefined();
    expect(openSessionId(sealer, ALICE, id.slice(0, -2))).toBeUndefined();
    expect(openSessionId(sealer, ALICE, sealer.seal('session', bound, 'a'.repeat(9000)))).toBeUndefined();
    expect(openSessionId(sealer, ALICE, '')).toBeUndefined();
  });
});

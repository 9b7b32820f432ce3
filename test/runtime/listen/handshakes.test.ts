import { describe, expect, it } from 'vitest';
import {
  createHandshakes,
  handshakesFingerprint,
  handshakesMemory,
} from '../../../runtime/listen/handshakes.ts';
import { listenerNode } from './listener-fixture.ts';

const tls = { certificate: '', key: '', minVersion: '1.3' } as const;
const node = listenerNode({
  bind: { type: 'tcp', host: '127.0.0.1', port: 8443 },
  tls,
  connections: { ...listenerNode().connections, handshakes: { count: 10, periodMs: 3_600_000 } },
});

describe('handshakes', () => {
  it('are counted over threads, twice as many at once as in the time, for each client by itself', () => {
    const memory = handshakesMemory();
    const threads = [1, 2, 3].map((holder) => createHandshakes(node, { memory, holder }));
    const begun = Array.from({ length: 60 }, (_, at) => threads[at % 3]!.take('192.0.2.1', 0).allowed);
    expect(begun.filter(Boolean)).toHaveLength(20);
    expect(threads[0]!.take('192.0.2.2', 0).allowed).toBe(true);
  });

  it('go on with what was counted where neither socket nor rate changes, whatever else does', () => {
    const renamed = { ...node, name: 'other', tls: { ...tls, key: 'another' } };
    expect(handshakesFingerprint(renamed)).toBe(handshakesFingerprint(node));
    const faster = {
      ...node,
      connections: { ...node.connections, handshakes: { count: 20, periodMs: 1000 } },
    };
    expect(handshakesFingerprint(faster)).not.toBe(handshakesFingerprint(node));
    const usual = listenerNode({ tls });
    const said = { ...usual.connections, handshakes: { count: 100, periodMs: 1000 } };
    expect(handshakesFingerprint({ ...usual, connections: said })).toBe(handshakesFingerprint(usual));
  });

  it('have room for a hundred thousand clients at once', () => {
    const handshakes = createHandshakes(node, { memory: handshakesMemory(), holder: 1 });
    let refused = 0;
    for (let at = 0; at < 100_000; at += 1) if (!handshakes.take(`client ${at}`, 0).allowed) refused += 1;
    expect(refused).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import type { LoadedGraph } from '../../../runtime/reload/reloader.ts';
import { Memories } from '../../../runtime/workers/memories.ts';

/** Only what the memories look at. */
const graphWith = (fingerprint: string): LoadedGraph =>
  ({
    graph: { limits: { few: { name: 'few', type: 'rate' } }, upstreams: {}, listeners: {} },
    fingerprints: { 'limit:few': fingerprint },
  }) as unknown as LoadedGraph;

const lockOf = (memory: SharedArrayBuffer): Int32Array => new Int32Array(memory, 0, 1);

describe('memory that threads share', () => {
  it('is the same for a limit that does not change, and another for one that does', () => {
    const memories = new Memories(2);
    const first = memories.prepare(graphWith('a'))['limit:few'];
    memories.commit();
    expect(memories.prepare(graphWith('a'))['limit:few']).toBe(first);
    memories.commit();
    expect(memories.prepare(graphWith('b'))['limit:few']).not.toBe(first);
  });

  it('is freed of the locks of a thread that has ended, in graphs of before too, and of no other', () => {
    const memories = new Memories(2);
    const old = memories.prepare(graphWith('a'))['limit:few']!;
    memories.commit();
    const now = memories.prepare(graphWith('b'))['limit:few']!;
    memories.commit();
    const pending = memories.prepare(graphWith('c'))['limit:few']!;
    for (const memory of [old, now, pending]) lockOf(memory)[0] = 7;
    lockOf(memories.once)[0] = 8;
    memories.release({ place: 0, threads: 2, holder: 7 });
    expect([old, now, pending].map((memory) => lockOf(memory)[0])).toEqual([0, 0, 0]);
    expect(lockOf(memories.once)[0]).toBe(8);
  });
});

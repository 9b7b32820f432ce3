import { describe, expect, it } from 'vitest';
import { Generation } from '../../../runtime/reload/generation.ts';
import { Generations } from '../../../runtime/reload/generations.ts';
import type { Graph } from '../../../schema/graph/graph.ts';

const A_MINUTE = 60_000;

const generation = (number: number): Generation =>
  new Generation({
    number,
    artifactHash: `hash-${number}`,
    effectiveHash: `hash-${number}`,
    graph: {} as Graph,
    listeners: new Map(),
  });

describe('a generation', () => {
  it('gives back what it holds once it is retired and its last request has ended', async () => {
    const served = generation(1);
    const returned: string[] = [];
    served.hold(() => void returned.push('pool'));
    served.hold(() => void returned.push('listener'));
    served.acquire();
    served.acquire();
    const retired = served.retire(A_MINUTE);
    served.release();
    expect(served.state).toBe('draining');
    expect(returned).toEqual([]);
    served.release();
    await retired;
    expect(served.state).toBe('closed');
    expect(returned).toEqual(['listener', 'pool']);
  });

  it('ends at once when it serves nothing', async () => {
    const idle = generation(1);
    await idle.retire(A_MINUTE);
    expect(idle.state).toBe('closed');
  });

  it('lets streams end themselves when it is retired', async () => {
    const served = generation(1);
    served.acquire();
    served.draining.addEventListener('abort', () => served.release());
    await served.retire(A_MINUTE);
    expect(served.cut.aborted).toBe(true);
  });

  it('cuts what is still open at the deadline, and a late end of a request does no harm', async () => {
    const served = generation(1);
    let requestsWhenReturned = 0;
    served.hold(() => {
      requestsWhenReturned = served.requests;
    });
    served.acquire();
    served.acquire();
    served.cut.addEventListener('abort', () => served.release());
    await served.retire(5);
    expect(requestsWhenReturned).toBe(1);
    served.release();
    expect(served.requests).toBe(0);
  });

  it('brings its deadline forward but never back', async () => {
    const served = generation(1);
    served.acquire();
    const retired = served.retire(5);
    void served.retire(A_MINUTE);
    await retired;
    const other = generation(2);
    other.acquire();
    const otherRetired = other.retire(A_MINUTE);
    void other.retire(5);
    await otherRetired;
    expect(other.state).toBe('closed');
  });

  it('goes on giving back when one thing fails', async () => {
    const served = generation(1);
    const returned: string[] = [];
    served.hold(() => void returned.push('pool'));
    served.hold(() => Promise.reject(new Error('stuck')));
    await served.retire(0);
    expect(returned).toEqual(['pool']);
  });

  it('refuses to serve or to hold anything after its end', async () => {
    const served = generation(1);
    await served.retire(0);
    expect(() => served.acquire()).toThrow();
    expect(() => served.hold(() => undefined)).toThrow();
  });
});

describe('generations', () => {
  const bounds = { deadlineMs: A_MINUTE, maxGenerations: 3, windowMs: 5 };

  it('serves the newest and lets the one before finish its requests', async () => {
    const generations = new Generations();
    expect(generations.hasCurrent).toBe(false);
    const [first, second] = [generation(1), generation(2)];
    generations.swap(first, bounds);
    first.acquire();
    generations.swap(second, bounds);
    expect(generations.current).toBe(second);
    expect(generations.draining).toEqual([first]);
    const ended = first.retire(A_MINUTE);
    first.release();
    await ended;
    expect(generations.draining).toEqual([]);
  });

  it('lets requests in flight end within the window when more are alive than allowed, and then cuts the oldest', async () => {
    const generations = new Generations();
    const all = [1, 2, 3, 4, 5].map(generation);
    for (const each of all) {
      each.acquire();
      generations.swap(each, bounds);
    }
    expect(all.map(({ state }) => state)).toEqual(['draining', 'draining', 'draining', 'draining', 'active']);
    await Promise.all(all.slice(0, 2).map((oldest) => oldest.retire(A_MINUTE)));
    expect(all.map(({ state }) => state)).toEqual(['closed', 'closed', 'draining', 'draining', 'active']);
  });

  it('ends all of them within the deadline', async () => {
    const generations = new Generations();
    const [first, second] = [generation(1), generation(2)];
    for (const each of [first, second]) {
      each.acquire();
      generations.swap(each, bounds);
    }
    second.release();
    await generations.close(5);
    expect([first.state, second.state]).toEqual(['closed', 'closed']);
  });
});

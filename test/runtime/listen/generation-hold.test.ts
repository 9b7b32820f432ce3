import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../runtime/listen/exchange.ts';
import { holdOn, letGo } from '../../../runtime/listen/generation-hold.ts';
import { Generation } from '../../../runtime/reload/generation.ts';
import type { Graph } from '../../../schema/graph/graph.ts';

const A_MINUTE = 60_000;

/** A request under a graph, which it holds. */
const opened = (): { readonly generation: Generation; readonly exchange: Exchange } => {
  const generation = new Generation({
    number: 1,
    artifactHash: 'a',
    effectiveHash: 'e',
    graph: {} as Graph,
    listeners: new Map(),
  });
  generation.acquire();
  return { generation, exchange: { generation, holders: 1 } as unknown as Exchange };
};

describe('the hold of a request on its generation', () => {
  it('is one, however many share it, and lasts until the last of them has let go', () => {
    const { generation, exchange } = opened();
    expect(holdOn(exchange)).toBe(true);
    expect(generation.requests).toBe(1);
    void generation.retire(A_MINUTE);
    letGo(exchange);
    expect(generation.state).toBe('draining');
    expect(generation.requests).toBe(1);
    letGo(exchange);
    expect(generation.state).toBe('closed');
  });

  it('is taken anew by what goes on after all have let go, unless everything has been given back', () => {
    const { generation, exchange } = opened();
    letGo(exchange);
    expect(generation.requests).toBe(0);
    expect(holdOn(exchange)).toBe(true);
    expect(generation.requests).toBe(1);
    letGo(exchange);
    void generation.retire(A_MINUTE);
    expect(holdOn(exchange)).toBe(false);
    expect(generation.requests).toBe(0);
  });

  it('may outlive the deadline of its generation', () => {
    const { generation, exchange } = opened();
    expect(holdOn(exchange)).toBe(true);
    void generation.retire(0);
    letGo(exchange);
    letGo(exchange);
    expect(generation.requests).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { prepareBounds } from '../../../policies/limit/bounds.ts';
import type { BoundsLimitNode } from '../../../schema/graph/limit.ts';

const node = (over: Partial<BoundsLimitNode>): BoundsLimitNode => ({
  kind: 'limit',
  type: 'bounds',
  name: 'b',
  ...over,
});

describe('prepareBounds', () => {
  it('bounds nothing where nothing is declared', () => {
    expect(prepareBounds([])('any')).toEqual({
      timeoutMs: undefined,
      maxTimeoutMs: undefined,
      maxBytes: undefined,
    });
  });

  it('takes the smallest of all that apply', () => {
    const bounds = prepareBounds([
      node({ callTimeoutMs: 1000, resultBytes: 10 }),
      node({ callTimeoutMs: 500, tools: ['slow_*'] }),
      node({ resultBytes: 5, tools: ['other'] }),
    ]);
    expect(bounds('slow_one')).toEqual({ timeoutMs: 500, maxTimeoutMs: 500, maxBytes: 10 });
    expect(bounds('fast')).toEqual({ timeoutMs: 1000, maxTimeoutMs: 1000, maxBytes: 10 });
    expect(bounds('other')).toEqual({ timeoutMs: 1000, maxTimeoutMs: 1000, maxBytes: 5 });
  });

  it('lets progress extend a call as far as the smallest of all that apply, and by none that names no such time', () => {
    const bounds = prepareBounds([
      node({ callTimeoutMs: 1000, callMaxMs: 9000 }),
      node({ callTimeoutMs: 3000, tools: ['short_*'] }),
      node({ callMaxMs: 5000, tools: ['long_*'] }),
    ]);
    expect(bounds('any')).toMatchObject({ timeoutMs: 1000, maxTimeoutMs: 9000 });
    expect(bounds('short_one')).toMatchObject({ timeoutMs: 1000, maxTimeoutMs: 3000 });
    expect(bounds('long_one')).toMatchObject({ timeoutMs: 1000, maxTimeoutMs: 5000 });
  });

  it('applies bounds of named tools to no call that is of no tool', () => {
    expect(prepareBounds([node({ callTimeoutMs: 1, tools: ['*'] })])(undefined).timeoutMs).toBeUndefined();
  });
});

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
    expect(prepareBounds([])('any')).toEqual({ timeoutMs: undefined, maxBytes: undefined });
  });

  it('takes the smallest of all that apply', () => {
    const bounds = prepareBounds([
      node({ callTimeoutMs: 1000, resultBytes: 10 }),
      node({ callTimeoutMs: 500, tools: ['slow_*'] }),
      node({ resultBytes: 5, tools: ['other'] }),
    ]);
    expect(bounds('slow_one')).toEqual({ timeoutMs: 500, maxBytes: 10 });
    expect(bounds('fast')).toEqual({ timeoutMs: 1000, maxBytes: 10 });
    expect(bounds('other')).toEqual({ timeoutMs: 1000, maxBytes: 5 });
  });

  it('applies bounds of named tools to no call that is of no tool', () => {
    expect(prepareBounds([node({ callTimeoutMs: 1, tools: ['*'] })])(undefined).timeoutMs).toBeUndefined();
  });
});

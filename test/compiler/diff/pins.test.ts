import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planChange } from '../../../compiler/diff/plan.ts';
import { FIXTURES } from '../fixture.ts';
import { side } from './pair.ts';

const read = (name: string): string =>
  readFileSync(join(FIXTURES, 'ok', 'GW7005-pinned-not-locked', name), 'utf8');

const PINNED = read('gateway.yaml');
const LOCK = { 'gateway.lock': read('gateway.lock') };

const plan = (before: string, after: string) =>
  planChange(side(before, 'old', LOCK), side(after, 'new', LOCK), { largeRemoval: 0.3 });

describe('what an upstream is pinned to', () => {
  it('is told where it is let go of: a risk that touches no connection', () => {
    const { changes, risks } = plan(PINNED, PINNED.replace('tools: pinned', 'tools: any'));
    const [change] = changes;
    expect([change!.kind, change!.name]).toEqual(['upstream', 'files']);
    expect(change!.fields[0]).toMatchObject({ field: 'trust.tools', before: 'pinned', after: 'any' });
    expect(change!.effects.map(({ kind }) => kind)).toEqual(['upstream-rules']);
    expect(risks.map(({ id, severity, place }) => [id, severity, place?.line])).toEqual([
      ['pins-dropped', 'high', PINNED.slice(0, PINNED.indexOf('tools: pinned')).split('\n').length],
    ]);
  });

  it('is nothing where nothing is pinned otherwise', () => {
    expect(plan(PINNED, PINNED).changes).toEqual([]);
  });
});

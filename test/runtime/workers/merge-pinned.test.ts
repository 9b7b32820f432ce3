import { expect, it } from 'vitest';
import { mergePinned } from '../../../runtime/workers/merge-pinned.ts';

const changed = { kind: 'tools', name: 'read', problem: 'changed', locked: 'a', found: 'b' } as const;

it('tells once what several threads found, and what one of them did', () => {
  const other = { ...changed, found: 'c' };
  expect(mergePinned([{ files: [] }, { files: [changed] }, { files: [{ ...changed }, other] }, {}])).toEqual({
    files: [changed, other],
  });
});

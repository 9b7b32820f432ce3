import { expect, it } from 'vitest';
import type { SharedMemories } from '../../../runtime/workers/messages.ts';
import { hearMemories, tellMemories } from '../../../runtime/workers/told-memories.ts';

const memory = () => new SharedArrayBuffer(8);

it('tells a thread of new memory and of what is gone, and of nothing that it knows', () => {
  const [a, b, c, other] = [memory(), memory(), memory(), memory()];
  const before: SharedMemories = { 'limit:a': a, 'limit:b': b, 'limit:c': c };
  const now: SharedMemories = { 'limit:a': a, 'limit:b': other, 'limit:d': memory() };
  const told = tellMemories(before, now);
  expect(told).toEqual({ changed: { 'limit:b': other, 'limit:d': now['limit:d'] }, gone: ['limit:c'] });
  const heard = hearMemories(before, told);
  expect(Object.keys(heard).sort()).toEqual(['limit:a', 'limit:b', 'limit:d']);
  expect(heard['limit:a']).toBe(a);
  expect(heard['limit:b']).toBe(other);
});

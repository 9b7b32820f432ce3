import { expect, test } from 'vitest';
import { TurnTaking } from '../../../runtime/reload/turn-taking.ts';

const work = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

test('long work lets others have their turn, and short work is not held up by them', async () => {
  let turns = 0;
  let isOver = false;
  const others = (): void => {
    turns += 1;
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  const taking = new TurnTaking();
  for (let step = 0; step < 1000; step += 1) await taking.next();
  expect(turns).toBeLessThan(5);
  const before = turns;
  for (let step = 0; step < 20; step += 1) {
    work(6);
    await taking.next();
  }
  isOver = true;
  expect(turns - before).toBeGreaterThanOrEqual(20);
});

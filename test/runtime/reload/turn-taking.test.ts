import { expect, test } from 'vitest';
import { TurnTaking } from '../../../runtime/reload/turn-taking.ts';

const work = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

test('works that go on side by side take one slice together, in order', async () => {
  const taking = new TurnTaking();
  const steps: number[] = [];
  const stepsOfTurns: number[] = [];
  let isOver = false;
  const others = (): void => {
    stepsOfTurns.push(steps.length);
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  const long = async (name: number): Promise<void> => {
    for (let step = 0; step < 3; step += 1) {
      if (taking.isOver) await taking.next();
      work(1.5);
      steps.push(name);
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, name) => long(name)));
  isOver = true;
  const names = Array.from({ length: 16 }, (_, name) => name);
  // The first one takes a step of the slice that nobody has used.
  expect(steps).toEqual([0, ...names, ...names, ...names.slice(1)]);
  const inOneTurn = stepsOfTurns.map((count, at) => count - (stepsOfTurns[at - 1] ?? 0));
  expect(Math.max(...inOneTurn)).toBeLessThanOrEqual(2);
});

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

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seenDirectly, seenThrough } from './compare.ts';
import { ERAS, type Pairings, startPairings, UPSTREAMS } from './pairings.ts';
import { SCENARIOS } from './scenarios.ts';

const TIMEOUT_MS = 120_000;

let pairings: Pairings;
beforeAll(async () => {
  pairings = await startPairings();
});
afterAll(() => pairings?.[Symbol.asyncDispose]());

describe.each(ERAS)('a %s client', (era) => {
  describe.each(Object.entries(SCENARIOS))('sees %s', (_title, scenario) => {
    let direct: Promise<unknown> | undefined;
    it.each(UPSTREAMS)(
      'of a server behind the gateway (%s) as of one of its own era',
      async (upstream) => {
        direct ??= seenDirectly(pairings, era, scenario);
        expect(await direct).toBeDefined();
        expect(await seenThrough(pairings, era, upstream, scenario)).toEqual(await direct);
      },
      TIMEOUT_MS,
    );
  });
});

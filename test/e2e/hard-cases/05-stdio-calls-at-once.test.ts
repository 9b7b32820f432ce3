import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ableCall,
  answersTo,
  askedBy,
  messagesOf,
  named,
  outcomeOf,
  retryCall,
} from '../../support/asking.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type KeyedCallers, keyedCallers } from '../../support/keyed-callers.ts';
import { SLOW_START } from '../../support/slow-start.ts';

const ASKING = fileURLToPath(import.meta.resolve('../clients/upstreams/asking-stdio.ts'));

let callers: KeyedCallers;
let gateway: TestGateway;
beforeAll(async () => {
  const stdio = (isolation: string) => ({
    type: 'stdio',
    ...SLOW_START,
    command: [process.execPath, ASKING],
    isolation,
  });
  callers = keyedCallers(
    ['alice', 'bob'],
    {},
    {
      expose: [
        { upstream: 'own', prefix: 'own_' },
        { upstream: 'shared', prefix: 'shared_' },
      ],
      upstreams: { own: stdio('per-principal'), shared: stdio('shared') },
    },
  );
  gateway = await startTestGateway(callers.yaml, { files: callers.files });
});
afterAll(() => gateway.close());

const call = (who: string, item: string, tool = 'own_order') =>
  ableCall(gateway.url('main'), tool, { item }, { token: callers.tokens[who]! });

const finish = async (who: string, item: string, answered: Awaited<ReturnType<typeof call>>) => {
  const asked = askedBy(answered);
  expect(messagesOf(asked)).toEqual([`[own] Who orders ${item}?`]);
  const options = { token: callers.tokens[who]! };
  const answers = answersTo(asked, named(item));
  const done = await retryCall(gateway.url('main'), 'own_order', { item }, asked, answers, options);
  expect(outcomeOf(done)).toEqual(named(item));
};

it('hard case 5: calls of one caller before a process of its own take turns, and each is asked its own question', async () => {
  const first = await call('alice', 'tea');
  let hasAnswer = false;
  const second = call('alice', 'milk').finally(() => {
    hasAnswer = true;
  });
  const others = await call('bob', 'coffee');
  await finish('bob', 'coffee', others);
  expect(hasAnswer).toBe(false);
  await finish('alice', 'tea', first);
  await finish('alice', 'milk', await second);
});

it('hard case 5: calls that begin at once are asked one after the other', async () => {
  const items = ['a', 'b', 'c', 'd'];
  await Promise.all(items.map(async (item) => finish('alice', item, await call('alice', item))));
});

it('hard case 5: a process that several callers share asks nobody', async () => {
  const answered = await Promise.all(['alice', 'bob'].map((who) => call(who, 'tea', 'shared_order')));
  for (const each of answered) expect(outcomeOf(each)).toMatchObject({ refused: expect.any(Number) });
});

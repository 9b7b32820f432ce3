import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseAddress } from '../../../../runtime/reload/elsewhere/address.ts';
import { Elsewhere } from '../../../../runtime/reload/elsewhere/elsewhere.ts';
import { ArtifactServer } from '../../../support/artifact-server.ts';

const POLL_MS = 100;
const PATH = '/a.json';

let server: ArtifactServer;
let elsewhere: Elsewhere;
let told: string[];
let isPolled: boolean;
/** Resolves with what is told next of this kind. */
let waiting: { readonly kind: string; readonly resolve: () => void }[];

const tell = (kind: string): void => {
  told.push(kind);
  for (const each of waiting.filter((one) => one.kind === kind)) each.resolve();
};
const next = (kind: string): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push({ kind, resolve });
  return promise;
};

beforeEach(async () => {
  [told, waiting, isPolled] = [[], [], true];
  server = new ArtifactServer();
  server.files.set(PATH, 'one').set(`${PATH}.sig`, 'signature');
  await server.listen();
  const address = parseAddress(server.url(PATH));
  if (typeof address !== 'object') throw new Error(address);
  const options = { address, name: 'there', pollMs: POLL_MS, baseDirectory: '/' };
  elsewhere = new Elsewhere(options, [], {
    onChange: () => tell('change'),
    onAway: () => tell('away'),
    onBack: (failures) => tell(`back after ${failures}`),
    onOlder: () => tell('older'),
    onFetch: (outcome) => tell(outcome),
    isPolled: () => isPolled,
  });
});

afterEach(async () => {
  await elsewhere.close();
  await server.close();
});

it('waits twice as long after each failure, tells of the outage once, and of its end', async () => {
  server.behaviour = 'failing';
  elsewhere.start();
  for (let failures = 0; failures < 4; failures += 1) await next('failed');
  const gapsMs = server.answeredAtMs.slice(1).map((atMs, index) => atMs - server.answeredAtMs[index]!);
  // A timer may be late, never early; a tenth is the jitter, and a millisecond what clocks round.
  for (const [index, gapMs] of gapsMs.entries())
    expect(gapMs).toBeGreaterThan(0.9 * POLL_MS * 2 ** (index + 1) - 1);
  expect(elsewhere.state).toMatchObject({ condition: 'away', failures: 4, problem: 'it answers 500' });
  server.behaviour = 'good';
  const isChanged = next('change');
  await elsewhere.fetch();
  expect(told).toEqual(['failed', 'away', 'failed', 'failed', 'failed', 'changed', 'back after 4']);
  expect(elsewhere.state).toMatchObject({ condition: 'reached', failures: 0, problem: undefined });
  server.files.set(PATH, 'two');
  await isChanged;
});

it('is not looked at while nobody wants it, but fetched for who asks', async () => {
  isPolled = false;
  elsewhere.start();
  const [first, second] = await Promise.all([elsewhere.fetch(), elsewhere.fetch()]);
  expect(second).toBe(first);
  expect(elsewhere.current).toBe(first);
  expect(told).toEqual(['changed', 'unchanged']);
});

it('ends what hangs when it is closed', async () => {
  server.behaviour = 'hanging';
  const fetching = elsewhere.fetch();
  const rejected = expect(fetching).rejects.toThrow('there cannot be fetched');
  await elsewhere.close();
  await rejected;
  expect(told).toEqual([]);
});

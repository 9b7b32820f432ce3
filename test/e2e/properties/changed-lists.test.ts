import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { openSession } from '../../support/legacy-client.ts';
import { openListen } from '../../support/listen-client.ts';
import { startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

vi.setConfig({ testTimeout: 300_000 });

const RELOADS = 12;
const TOOLS = ['t0', 't1', 't2', 't3'] as const;
const ROLES = ['a', 'b', 'c'] as const;
const CALLERS = [['a'], ['b'], ['a', 'b'], ['c']].map((roles, at) => ({
  id: `caller${at}`,
  roles,
  ...makeApiKey(`caller${at}`),
}));
const TOOLS_CHANGED = 'notifications/tools/list_changed';

/** What decides who is shown which tools, and what does not. */
interface Rules {
  readonly exposed: readonly string[];
  /** By tool: roles that it is hidden from. */
  readonly hidden: Readonly<Record<string, readonly string[]>>;
  readonly prefix: string;
  readonly rate: number;
}

const rules: fc.Arbitrary<Rules> = fc.record({
  exposed: fc.subarray([...TOOLS], { minLength: 1 }),
  hidden: fc.record(Object.fromEntries(TOOLS.map((tool) => [tool, fc.subarray([...ROLES])]))),
  prefix: fc.constantFrom('', '', 'x_'),
  rate: fc.integer({ min: 900, max: 902 }),
});

const shownTo = (roles: readonly string[], { exposed, hidden, prefix }: Rules): string =>
  TOOLS.filter((tool) => exposed.includes(tool) && !hidden[tool]!.some((role) => roles.includes(role)))
    .map((tool) => prefix + tool)
    .join();

const yamlOf = (url: string, { exposed, hidden, prefix, rate }: Rules): string => {
  const denials = TOOLS.flatMap((tool) =>
    hidden[tool]!.map((role) => `tool.name == '${prefix}${tool}' && '${role}' in principal.roles`),
  );
  return configuration(
    { offers: url },
    {
      reload: { watch: false, drain: { window: '1h', deadline: '2h' } },
      identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
      server: { identity: ['robots'], policies: ['rule'], limits: ['calls'] },
      expose: [{ upstream: 'offers', tools: { allow: exposed }, prefix }],
      policies: { rule: { type: 'cel', deny: denials.length === 0 ? 'false' : denials.join(' || ') } },
      limits: { calls: { type: 'rate', rate: `${rate}/s` } },
    },
  );
};

/** Streams end at a random moment within the drain window: half an hour from now, when this is over. */
vi.spyOn(Math, 'random').mockReturnValue(0.5);

it(`after any ${RELOADS} reloads each stream was told as often as its caller's tools changed`, async () => {
  await using upstream = await startOfferingUpstream(
    'offers',
    { tools: toolsNamed(...TOOLS) },
    { eras: ['legacy'] },
  );
  upstream.upstream.onGet((_request, response) => openStream(response));
  const keys = CALLERS.map(({ id, roles, hash }) => ({ id, roles, hash, servers: ['main'] }));
  const files = { 'keys.yaml': JSON.stringify({ keys }) };
  const runs = fc.array(rules, { minLength: RELOADS, maxLength: RELOADS });
  const open = async (url: string, token: string) => {
    const session = await openSession(url, { authorization: `Bearer ${token}` });
    const get = await EventStreamClient.open(url, { headers: { ...session, accept: 'text/event-stream' } });
    return [await openListen(url, { toolsListChanged: true }, { token }), get];
  };
  await fc.assert(
    fc.asyncProperty(rules, runs, async (first, run) => {
      await using gateway = await startTestGateway(yamlOf(upstream.url, first), { tap: false, files });
      const streams = await Promise.all(CALLERS.map(({ key }) => open(gateway.url(), key)));
      const told = () =>
        streams.map((both) =>
          both.map(({ messages }) => messages.filter(({ method }) => method === TOOLS_CHANGED).length),
        );
      const expected = CALLERS.map(() => [0, 0]);
      let before = first;
      // To the last all are told: what is wrong would be seen by then.
      for (const next of [...run, { ...first, exposed: TOOLS, hidden: noneHidden, prefix: 'last_' }]) {
        const { result } = await gateway.load(yamlOf(upstream.url, next));
        expect(['applied', 'unchanged']).toContain(result);
        for (const [at, { roles }] of CALLERS.entries())
          if (shownTo(roles, before) !== shownTo(roles, next)) expected[at] = expected[at]!.map((n) => n + 1);
        await expect.poll(told, { timeout: 10_000 }).toEqual(expected);
        before = next;
      }
      for (const stream of streams.flat()) stream.close();
    }),
    { numRuns: 8 },
  );
});

const noneHidden: Rules['hidden'] = Object.fromEntries(TOOLS.map((tool) => [tool, []]));

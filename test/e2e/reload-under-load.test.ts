import { Pool } from 'undici';
import { expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const CONNECTIONS = 64;
const DURATION_MS = 20_000;
const MIN_GENERATIONS = 80;

/** A graph whose every reply shows its letter three times: the upstream, the policy and the limit that it met. */
const graph = (letter: 'A' | 'B', url: string): string =>
  configuration(
    { [`upstream${letter}`]: url },
    {
      server: { policies: [`policy${letter}`], limits: [`limit${letter}`] },
      policies: { [`policy${letter}`]: { type: 'cel', allow: `tool.name in ['who', 'policy${letter}']` } },
      limits: { [`limit${letter}`]: { type: 'rate', rate: '1000000/s', key: [] } },
      telemetry: { log: { access: false } },
    },
  );

const lettersOf = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
): string => {
  const limit = /"limit([AB])"/.exec(String(headers['ratelimit-policy']))?.[1];
  const { result } = JSON.parse(text);
  if (result.tools === undefined) return `${limit}${told(result).upstream}`;
  const names = result.tools.map(({ name }: { name: string }) => name);
  return (
    limit +
    names
      .map((name: string) => name.replace(/^(policy|upstream)/, ''))
      .filter((name: string) => name !== 'who')
      .join('')
  );
};

it(`serves ${CONNECTIONS} connections through ${MIN_GENERATIONS} graphs without a failure or a mix of two`, async () => {
  const offered = ['who', 'policyA', 'policyB'];
  const upstreams = { A: await startToolUpstream('A', offered), B: await startToolUpstream('B', offered) };
  await using gateway = await startTestGateway(graph('A', upstreams.A.url), { tap: false });
  const { origin, pathname } = new URL(gateway.url());
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const seen = new Map<string, number>();
  const failures: string[] = [];
  const endMs = performance.now() + DURATION_MS;

  const drive = async (connection: number): Promise<void> => {
    for (let count = 0; performance.now() < endMs; count += 1) {
      const [method, params] =
        count % 2 === 0 ? ['tools/call', { name: 'who', arguments: {} }] : ['tools/list', {}];
      const answer = await pool.request({
        path: pathname,
        method: 'POST',
        headers: modernHeaders(method as string, params as object, {}),
        body: modernBody(method as string, params as object, { id: `${connection}-${count}` }),
      });
      const text = await answer.body.text();
      if (
        answer.statusCode !== 200 ||
        !text.includes(`"id":"${connection}-${count}"`) ||
        !text.includes('"result"')
      ) {
        failures.push(`${answer.statusCode} ${text.slice(0, 300)}`);
        continue;
      }
      const letters = lettersOf(answer.headers, text);
      seen.set(letters, (seen.get(letters) ?? 0) + 1);
    }
  };

  const flip = async (): Promise<number> => {
    let applied = 0;
    for (let next: 'A' | 'B' = 'B'; performance.now() < endMs; next = next === 'A' ? 'B' : 'A') {
      await gateway.write(graph(next, upstreams[next].url));
      const answer = await fetch(`${gateway.opsUrl}/-/reload`, { method: 'POST' });
      const { result } = (await answer.json()) as { result: string };
      if (result === 'applied') applied += 1;
    }
    return applied;
  };

  const driving = Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => drive(connection)));
  const generations = await flip();
  await driving;
  await pool.close();
  await Promise.all([upstreams.A.close(), upstreams.B.close()]);

  expect(failures.slice(0, 5)).toEqual([]);
  expect(generations).toBeGreaterThanOrEqual(MIN_GENERATIONS);
  expect([...seen.keys()].sort()).toEqual(['AA', 'BB']);
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(CONNECTIONS * MIN_GENERATIONS);
}, 60_000);

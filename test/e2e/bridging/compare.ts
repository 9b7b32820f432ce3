/** What is seen through the gateway, held against what is seen of a server of the client's own era. */
import { isDeepStrictEqual } from 'node:util';
import { type Era, openBridgeClient } from './bridge-client.ts';
import { normalise } from './normalise.ts';
import { ERAS, type Pairings, startPairings, UPSTREAMS, type Upstream } from './pairings.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const seen = async (url: string, era: Era, scenario: Scenario): Promise<unknown> => {
  await using client = await openBridgeClient(url, era);
  return normalise(await scenario(client));
};

export const seenDirectly = (pairings: Pairings, era: Era, scenario: Scenario): Promise<unknown> =>
  seen(pairings.direct(era), era, scenario);

export const seenThrough = (
  pairings: Pairings,
  era: Era,
  upstream: Upstream,
  scenario: Scenario,
): Promise<unknown> => seen(pairings.url(upstream, era), era, scenario);

/** One scenario: whether a client of each era sees the same of each upstream. */
export interface Compared {
  readonly title: string;
  readonly same: Readonly<Record<Era, Readonly<Record<Upstream, boolean>>>>;
}

const isSame = async (
  pairings: Pairings,
  era: Era,
  upstream: Upstream,
  scenario: Scenario,
  direct: unknown,
): Promise<boolean> => {
  const through = await seenThrough(pairings, era, upstream, scenario).catch(() => undefined);
  return isDeepStrictEqual(through, direct);
};

const sameAs = async (
  pairings: Pairings,
  era: Era,
  scenario: Scenario,
): Promise<Record<Upstream, boolean>> => {
  const direct = await seenDirectly(pairings, era, scenario);
  const results = await Promise.all(
    UPSTREAMS.map(async (upstream) => [upstream, await isSame(pairings, era, upstream, scenario, direct)]),
  );
  return Object.fromEntries(results);
};

/** Runs every scenario in every pairing. */
export const comparePairings = async (): Promise<readonly Compared[]> => {
  await using pairings = await startPairings();
  const rows: Compared[] = [];
  for (const [title, scenario] of Object.entries(SCENARIOS)) {
    const same: Partial<Record<Era, Record<Upstream, boolean>>> = {};
    for (const era of ERAS) same[era] = await sameAs(pairings, era, scenario);
    rows.push({ title, same: same as Compared['same'] });
  }
  return rows;
};

export const isSameEverywhere = ({ same }: Compared): boolean =>
  ERAS.every((era) => UPSTREAMS.every((upstream) => same[era][upstream]));

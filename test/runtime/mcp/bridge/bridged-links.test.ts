import { afterEach, expect, test } from 'vitest';
import { BridgedLinks } from '../../../../runtime/mcp/bridge/bridged-links.ts';
import type { Link, Upstream } from '../../../../runtime/upstream/link.ts';
import type { UpstreamNode } from '../../../../schema/graph/upstream.ts';
import type { Principal } from '../../../../schema/principal.ts';

const MAX_LINKS = 1000;

const principal = (key: string): Principal => ({ key }) as Principal;

/** Conversations that are opened at once, of which those named in `busy` have a call. */
const setUp = () => {
  const ended: string[] = [];
  const busy = new Set<string>();
  const upstream = {
    legacy: async ({ caller = '' }) => ({
      peer: { capabilities: {} },
      activity: () => ({ inFlight: busy.has(caller) ? 1 : 0, requests: 0 }),
      close: async () => void ended.push(caller),
    }),
  } as unknown as Upstream;
  const node = { type: 'http', timeouts: { idleMs: 60_000, connectMs: 1000 } } as unknown as UpstreamNode;
  const links = new BridgedLinks(upstream, node, { name: 'gateway', version: '1' });
  const link = (key: string): Promise<Link> => links.link(principal(key), {}, []);
  return { links, link, ended, busy };
};

const open: BridgedLinks[] = [];
afterEach(() => Promise.all(open.splice(0).map((links) => links.close())));

test('where there are too many conversations, the one that was asked for longest ago and has no call is ended', async () => {
  const { links, link, ended, busy } = setUp();
  open.push(links);
  for (let at = 0; at < MAX_LINKS; at += 1) await link(`${at}`);
  await link('0');
  await link('2');
  busy.add('1');
  await link('new');
  await link('newer');
  expect(ended).toEqual(['3', '4']);
});

test('where all of too many conversations have calls, no other is opened', async () => {
  const { links, link, ended, busy } = setUp();
  open.push(links);
  for (let at = 0; at < MAX_LINKS; at += 1) {
    await link(`${at}`);
    busy.add(`${at}`);
  }
  await expect(link('new')).rejects.toMatchObject({ code: 'upstream_unavailable' });
  expect(ended).toEqual([]);
});

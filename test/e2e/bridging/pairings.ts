/** The gateway before the bridging fixture in each era and over each transport, and the fixture itself. */
import { fileURLToPath } from 'node:url';
import { configuration } from '../../support/configuration.ts';
import { startEverything } from '../../support/everything/server.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { recordStdio } from '../../support/stdio-record.ts';
import { tapUpstream } from '../../support/wire-tap.ts';
import type { Era } from './bridge-client.ts';
import { bridgingTools } from './bridging-tools.ts';

const STDIO = fileURLToPath(import.meta.resolve('./upstreams/bridging-stdio.ts'));

export const ERAS: readonly Era[] = ['modern', 'legacy'];

/** An upstream of one era over one transport. */
export const UPSTREAMS = ['modern-http', 'legacy-http', 'modern-stdio', 'legacy-stdio'] as const;

export type Upstream = (typeof UPSTREAMS)[number];

export interface Pairings extends AsyncDisposable {
  /** Of the gateway, before one upstream, for a client of an era. */
  url(upstream: Upstream, client: Era): string;
  /** Of the fixture in one era. */
  direct(era: Era): string;
}

const nameOf = (upstream: Upstream, client: Era): string => `${upstream}-for-${client}`;

/** Starts all of it. Its end throws if the gateway broke the protocol on either side. */
export const startPairings = async (): Promise<Pairings> => {
  const modern = await startEverything({ eras: ['modern'], extend: bridgingTools() });
  const legacy = await startEverything({ eras: ['legacy'], extend: bridgingTools() });
  const taps = { modern: await tapUpstream(modern.url), legacy: await tapUpstream(legacy.url) };
  const record = await recordStdio();
  const stdio = (era: Era, client: Era) => ({
    type: 'stdio',
    ...SLOW_START,
    command: record.command(process.execPath, STDIO, era),
    // Whoever is to be asked over pipes needs a process that nobody else speaks to.
    isolation: client === 'legacy' ? 'per-session' : 'per-principal',
  });
  const http = (era: Era) => ({ type: 'http', endpoints: [taps[era].url] });
  const server = (upstream: string) => ({
    at: [{ listener: 'main', path: `/${upstream}` }],
    anonymous: true,
    expose: [{ upstream }],
  });
  const upstreams = Object.fromEntries(
    UPSTREAMS.flatMap((name) =>
      ERAS.map((client) => {
        const [era, transport] = name.split('-') as [Era, string];
        return [nameOf(name, client), transport === 'http' ? http(era) : stdio(era, client)];
      }),
    ),
  );
  const gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: Object.fromEntries(Object.keys(upstreams).map((name) => [name, server(name)])),
        upstreams,
      },
    ),
  );
  return {
    url: (upstream, client) => gateway.url(nameOf(upstream, client)),
    direct: (era) => (era === 'modern' ? modern : legacy).url,
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      for (const tap of Object.values(taps)) await tap.close();
      await record.close();
      await modern.close();
      await legacy.close();
    },
  };
};

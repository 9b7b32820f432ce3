/** A gateway before upstreams that speak one era only: a client of either era finds one across the eras. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { recordStdio } from '../../support/stdio-record.ts';
import { tapUpstream } from '../../support/wire-tap.ts';
import { memoryOverStdio } from './official-servers.ts';
import { startModernUpstream } from './upstreams/modern-http.ts';

const LEGACY_STDIO = fileURLToPath(import.meta.resolve('./upstreams/legacy-stdio.ts'));

export interface BothEras extends AsyncDisposable {
  readonly gateway: TestGateway;
  /** The endpoint before a legacy upstream over stdio, a modern one over HTTP, or the official server-memory. */
  url(server: 'legacy' | 'modern' | 'memory'): string;
}

/** Starts it. Its end throws if the gateway broke the protocol on either side. */
export const startBothEras = async (): Promise<BothEras> => {
  const folder = await mkdtemp(join(tmpdir(), 'memory-'));
  const modern = await startModernUpstream();
  const tap = await tapUpstream(modern.url);
  const stdio = await recordStdio();
  const server = (upstream: string, expose: object = {}) => ({
    at: [{ listener: 'main', path: `/${upstream}` }],
    anonymous: true,
    expose: [{ upstream, ...expose }],
  });
  const gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          legacy: server('legacy'),
          // Without `number`: mcp-remote relays a modern list to a client with a session, which cannot read that tool.
          modern: server('modern', { tools: { allow: ['echo', 'steps', 'ask', 'wait'] } }),
          memory: server('memory'),
        },
        upstreams: {
          modern: { type: 'http', endpoints: [tap.url] },
          legacy: { type: 'stdio', ...SLOW_START, command: stdio.command(process.execPath, LEGACY_STDIO) },
          memory: memoryOverStdio(stdio, join(folder, 'memory.jsonl')),
        },
      },
    ),
  );
  return {
    gateway,
    url: (name) => gateway.url(name),
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      await tap.close();
      await stdio.close();
      await modern[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

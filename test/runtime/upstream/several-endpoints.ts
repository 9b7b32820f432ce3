/** What tests of upstreams with several endpoints have in common, whatever is spoken to them. */
import { connect } from 'node:net';
import { expect } from 'vitest';
import type { Upstream } from '../../../runtime/upstream/link.ts';
import type { HealthNode, RetryNode } from '../../../schema/graph/upstream.ts';

/** Not so often that who is there could be late for two of them. */
export const HEALTH: HealthNode = { everyMs: 200, unhealthyAfter: 2 };
/** Nothing is asked within a test. */
export const QUIET: HealthNode = { everyMs: 60_000, unhealthyAfter: 2 };

export const RETRY: RetryNode = {
  maxAttempts: 3,
  when: ['connect-error', 'http-503'],
  backoff: { baseMs: 1, maxMs: 10, jitter: 'full' },
  onlyIdempotent: true,
};

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(true)).once('connect', () => resolve(!socket.destroy()));
  });

/** Closes an endpoint. When it resolves, whoever was connected to it has had the time to hear of it. */
export const kill = async (endpoint: { readonly port: number; close(): Promise<void> }): Promise<number> => {
  const { port } = endpoint;
  await endpoint.close();
  for (let turn = 0; turn < 3; turn += 1) expect(await isRefused(port)).toBe(true);
  return port;
};

export const healthy = (made: Upstream): readonly boolean[] =>
  made.state().endpoints!.map((endpoint) => endpoint.healthy);

/** The gateway under test in front of the fixture: one upstream, every name as it is. */
import { startTestGateway } from '../support/gateway.ts';

/** A gateway that speaks to `upstreamUrl` in the era of its client, with nothing but defaults. */
export async function startGatewayBefore(
  upstreamUrl: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const gateway = await startTestGateway(`version: 1
listeners:
  main: { bind: "127.0.0.1:0" }
servers:
  everything: { at: [{ listener: main, path: /mcp }], anonymous: true, expose: [{ upstream: everything }] }
upstreams:
  everything: { type: http, endpoints: ["${upstreamUrl}"] }
`);
  return { url: gateway.url(), close: gateway.close };
}

/**
 * What the official suite starts as a client under test: a gateway before the suite's own server, and a client of the
 * SDK that drives it through the scenario. The suite judges what its server got from the gateway.
 *
 * `client-driver.ts [--client modern|legacy] <url>`; the scenario and its context come in the environment. Without
 * `--client` the client speaks the revision that the suite runs.
 */
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { DRIVES, type Driven } from './client-drives.ts';

const CAPABILITIES = { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} };

type Era = 'modern' | 'legacy';

const open = async (url: string, era: Era): Promise<Client> => {
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    {
      capabilities: CAPABILITIES,
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  client.setRequestHandler('roots/list', () => ({ roots: [] }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
};

const drive = async (upstreamUrl: string, era: Era, upstreamEra: Era): Promise<void> => {
  const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_CONTEXT: context = '{}' } = process.env;
  const go = DRIVES[scenario];
  if (go === undefined) throw new Error(`no way to drive ${scenario}`);
  await using gateway = await startTestGateway(
    // Across the eras the suite's servers are held to theirs: some of them answer the other one too.
    configuration(
      { suite: upstreamUrl },
      era === upstreamEra ? {} : { upstream: { protocol: { era: upstreamEra } } },
    ),
  );
  const client = await open(gateway.url(), era);
  const driven: Driven = { client, url: gateway.url(), context: JSON.parse(context) };
  await go(driven);
  await client.close();
};

const { values, positionals } = parseArgs({
  options: { client: { type: 'string' } },
  allowPositionals: true,
});
const { MCP_CONFORMANCE_PROTOCOL_VERSION: revision = '2026-07-28' } = process.env;
const upstreamEra = revision >= '2026-07-28' ? 'modern' : 'legacy';
const era = values.client ?? upstreamEra;
if (era !== 'modern' && era !== 'legacy') throw new Error(`no client is ${era}`);
await drive(positionals.at(-1)!, era, upstreamEra);

/** What `tools/list` costs where the tools of many upstreams are told from what is kept of them. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { callHeaders, ENDPOINT_PATH, MODERN_META } from './call.ts';
import { cpuUs } from './cpu-time.ts';
import { median } from './figures.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';
import { LIST_UPSTREAMS, TOOLS_PER_UPSTREAM } from './upstream-answer.ts';

/** Medians over `rounds` rounds. */
export interface Lists {
  readonly rounds: number;
  readonly tools: number;
  readonly bytes: number;
  /** User and system time of the gateway for one answer, in microseconds. */
  readonly cpuUsPerList: number;
}

const TRAIN_REQUESTS = 3_000;
const ROUND_REQUESTS = 2_000;
const CONNECTIONS = 4;

const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: MODERN_META } });
const { 'mcp-name': _, ...HEADERS } = { ...callHeaders('modern', {}), 'mcp-method': 'tools/list' } as Record<
  string,
  string
>;

const listOnce = async (agent: Agent, port: number): Promise<Buffer> => {
  const outgoing = request({
    port,
    host: '127.0.0.1',
    path: ENDPOINT_PATH,
    method: 'POST',
    agent,
    headers: HEADERS,
  });
  outgoing.end(BODY);
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  if (response.statusCode !== 200) throw new Error(`tools/list was answered ${response.statusCode}`);
  return Buffer.concat(chunks);
};

/** The length of an answer with all tools; throws for any other. */
const assertWhole = (answer: Buffer): number => {
  const { result } = JSON.parse(answer.toString());
  const names = new Set(result.tools.map(({ name }: { name: string }) => name));
  if (names.size !== LIST_UPSTREAMS * TOOLS_PER_UPSTREAM || result.nextCursor !== undefined)
    throw new Error(`tools/list told ${names.size} tools`);
  if (!(result.ttlMs > 0)) throw new Error('tools/list was not told from what is kept');
  return answer.length;
};

const drive = async (agent: Agent, port: number, requests: number, bytes: number): Promise<void> => {
  const one = async (): Promise<void> => {
    for (let sent = 0; sent < requests / CONNECTIONS; sent += 1) {
      const { length } = await listOnce(agent, port);
      // The remaining ttl has as many digits as it has.
      if (Math.abs(length - bytes) > 8) throw new Error(`an answer of ${length} bytes`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
};

/** Measures a gateway of its own. Rejects on the first wrong answer. */
export const measureLists = async (
  options: Omit<GatewayOptions, 'profile'>,
  rounds: number,
): Promise<Lists> => {
  await using gateway = await startGateway({ ...options, profile: 'lists' });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const bytes = assertWhole(await listOnce(agent, gateway.port));
    await drive(agent, gateway.port, TRAIN_REQUESTS, bytes);
    const perList: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = cpuUs([gateway.pid]);
      await drive(agent, gateway.port, ROUND_REQUESTS, bytes);
      perList.push((cpuUs([gateway.pid]) - before) / ROUND_REQUESTS);
    }
    const tools = LIST_UPSTREAMS * TOOLS_PER_UPSTREAM;
    return { rounds, tools, bytes, cpuUsPerList: median(perList) };
  } finally {
    agent.destroy();
  }
};

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { event, openStream } from '../support/fast-upstream.ts';
import { openSession } from '../support/legacy-client.ts';
import { openListen } from '../support/listen-client.ts';
import { type OfferingUpstream, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';
import { rawRequest } from '../support/raw-request.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

const [dev, ops] = [makeApiKey('dev'), makeApiKey('ops')];
const KEYS = JSON.stringify({
  keys: [
    { id: 'dev', hash: dev.hash, servers: ['main'], roles: ['dev'] },
    { id: 'ops', hash: ops.hash, servers: ['main'], roles: ['ops'] },
  ],
});

const CHANGED = /^notifications\/(\w+)\/list_changed$/;

/** The kinds of lists that somebody has been told of, in order. */
// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const kindsIn = (messages: readonly any[]): string[] =>
  messages.flatMap(({ method }) => CHANGED.exec(method)?.[1] ?? []);

/** What one caller hears on one stream of each kind. */
interface Hearing {
  readonly streams: Readonly<Record<'listen' | 'get' | 'sse' | 'socket', () => string[]>>;
  /** Settles when the stream of subscriptions/listen is over. */
  readonly listenOver: Promise<unknown>;
  close(): void;
}

const openSse = async (url: string, headers: Readonly<Record<string, string>>) => {
  const stream = await EventStreamClient.open(`${url}/sse`, {
    headers: { ...headers, accept: 'text/event-stream' },
  });
  await expect.poll(() => stream.events.length).toBe(1);
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const post = (message: object) =>
    rawRequest(new URL(stream.events[0]!.data!, url).href, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  await post({ id: 0, method: 'initialize', params });
  await expect.poll(() => stream.events.length).toBe(2);
  await post({ method: 'notifications/initialized' });
  return stream;
};

const hear = async (url: string, token: string): Promise<Hearing> => {
  const authorization = { authorization: `Bearer ${token}` };
  const flags = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
  const listen = await openListen(url, flags, { token });
  const session = await openSession(url, authorization);
  const get = await EventStreamClient.open(url, { headers: { ...session, accept: 'text/event-stream' } });
  const sse = await openSse(url, authorization);
  const socket = await WebSocketClient.open(url, { headers: authorization });
  await socket.initialize();
  const ofSse = () =>
    sse.events.filter((told) => told.event === 'message').map(({ data }) => JSON.parse(data!));
  return {
    streams: {
      listen: () => kindsIn(listen.messages),
      get: () => kindsIn(get.messages),
      sse: () => kindsIn(ofSse()),
      socket: () => kindsIn(socket.messages),
    },
    listenOver: listen.over,
    close: () => {
      for (const each of [listen, get, sse, socket]) each.close();
    },
  };
};

/** Of one reload, each kind is told as soon as it is known: in any order. */
const heard = ({ streams }: Hearing): Record<string, string[]> =>
  Object.fromEntries(Object.entries(streams).map(([name, told]) => [name, told().sort()]));
const onAll = (...told: readonly string[]) => {
  const kinds = told.toSorted();
  return { listen: kinds, get: kinds, sse: kinds, socket: kinds };
};

const described = (name: string, description: string) => ({
  name,
  description,
  inputSchema: { type: 'object' },
});

let folder: string;
let upstream: OfferingUpstream;
let cli: CliProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-lists-'));
  await writeFile(join(folder, 'keys.yaml'), KEYS);
});
afterEach(async () => {
  await cli?.close();
  await upstream[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const startUpstream = async (era: 'modern' | 'legacy'): Promise<void> => {
  const offer = {
    tools: toolsNamed('read', 'write'),
    prompts: [{ name: 'ask' }, { name: 'tell' }],
    resources: [{ name: 'a', uri: 'docs://a' }],
    resourceTemplates: [{ name: 't', uriTemplate: 'docs://t/{x}' }],
  };
  upstream = await startOfferingUpstream('offers', offer, { eras: [era] });
  upstream.upstream.onGet((_request, response) => openStream(response));
  upstream.upstream.on('subscriptions/listen', ({ message, response }) => {
    openStream(response);
    const { notifications } = message.params!;
    const method = 'notifications/subscriptions/acknowledged';
    response.write(event({ jsonrpc: '2.0', method, params: { notifications } }));
  });
};

interface Rules {
  readonly deny?: string;
  readonly expose?: object;
  readonly upstream?: object;
  readonly limits?: object;
  readonly window?: string;
}

const yamlOf = (
  workers: number,
  { deny = 'false', expose, upstream: node, limits, window = '500h' }: Rules = {},
): string =>
  configuration(
    { offers: upstream.url },
    {
      workers,
      reload: { watch: false, drain: { window, deadline: '501h' } },
      identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
      server: {
        identity: ['robots'],
        policies: ['rule'],
        protocol: { legacySse: true, websocket: true },
        ...(limits === undefined ? {} : { limits: Object.keys(limits) }),
      },
      expose: [{ upstream: 'offers', ...expose }],
      policies: { rule: { type: 'cel', deny } },
      ...(node === undefined ? {} : { upstream: node }),
      ...(limits === undefined ? {} : { limits }),
    },
  );

const start = async (yaml: string): Promise<{ url: string; apply: (yaml: string) => Promise<void> }> => {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, yaml);
  cli = new CliProcess(['run', file]);
  const [, url] = await cli.seen(/main +(http\S+)/);
  const [, opsUrl] = await cli.seen(/\(operations\) +(http\S+)/);
  const apply = async (text: string): Promise<void> => {
    await writeFile(file, text);
    const reply = await fetch(`${opsUrl}/-/reload`, { method: 'POST' });
    expect([reply.status, ((await reply.json()) as { result: string }).result]).toEqual([200, 'applied']);
  };
  return { url: url!, apply };
};

const hides = (role: string, what: string): string => `'${role}' in principal.roles && ${what}`;
const TOOL = "call.method == 'tools/call' && tool.name == 'write'";
const PROMPT = "call.method == 'prompts/get' && prompt.name == 'tell'";
const RESOURCE = "call.method == 'resources/read' && resource.uri == 'docs://a'";
const TEMPLATE = "call.method == 'resources/read' && resource.uri.startsWith('docs://t/')";

describe.each([
  ['legacy', 1],
  ['modern', 1],
  ['legacy', 2],
] as const)('at a reload, with a %s upstream and %i thread(s)', (era, workers) => {
  it('list_changed goes to those whose own list of that kind changed, on whatever they listen, and to nobody else', async () => {
    await startUpstream(era);
    const gateway = await start(yamlOf(workers));
    const [his, hers] = [await hear(gateway.url, dev.key), await hear(gateway.url, ops.key)];
    const told: Record<'dev' | 'ops', string[]> = { dev: [], ops: [] };
    const step = async (rules: Rules, changed: Partial<typeof told>): Promise<void> => {
      await gateway.apply(yamlOf(workers, rules));
      for (const role of ['dev', 'ops'] as const) told[role].push(...(changed[role] ?? []));
      await expect.poll(() => heard(his), { timeout: 30_000 }).toEqual(onAll(...told.dev));
      await expect.poll(() => heard(hers), { timeout: 30_000 }).toEqual(onAll(...told.ops));
    };

    await step({ deny: hides('dev', TOOL) }, { dev: ['tools'] });
    // Another text of the rule, and a limit, hide nothing more.
    const same = {
      deny: `${hides('dev', TOOL)} && true`,
      limits: { calls: { type: 'rate', rate: '900/s' } },
    };
    await step(same, {});
    await step({ deny: hides('ops', PROMPT) }, { dev: ['tools'], ops: ['prompts'] });
    await step({ deny: hides('ops', RESOURCE) }, { ops: ['prompts', 'resources'] });
    await step({ deny: hides('dev', TEMPLATE) }, { dev: ['resources'], ops: ['resources'] });
    // The upstream is another object now, which offers the same; what its rules hide of prompts is seen to by now.
    const template = hides('dev', TEMPLATE);
    const other = (call: string) => ({ timeouts: { call } });
    await step(
      { deny: `${template} || ${PROMPT}`, upstream: other('59s') },
      { dev: ['prompts'], ops: ['prompts'] },
    );
    upstream.offer = { ...upstream.offer, tools: [described('read', 'reads'), ...toolsNamed('write')] };
    const rules = {
      deny: `${hides('dev', "call.method == 'tools/call' && tool.name == 'read'")} || ${PROMPT}`,
    };
    await step({ ...rules, upstream: other('58s') }, { dev: ['tools', 'resources'], ops: ['tools'] });
    // To the last all are told: nothing else was on its way.
    await step(
      { ...rules, expose: { prefix: 'x_' } },
      { dev: ['tools', 'prompts'], ops: ['tools', 'prompts'] },
    );
    his.close();
    hers.close();
  });
});

it('at a reload nobody waits for a list that does not come: other kinds are told at once, and streams end in the window', async () => {
  await startUpstream('modern');
  upstream.upstream.on('resources/list', () => undefined);
  const slow = { timeouts: { list: '10m' } };
  const gateway = await start(yamlOf(1, { upstream: slow }));
  const [his, hers] = [await hear(gateway.url, dev.key), await hear(gateway.url, ops.key)];
  await gateway.apply(yamlOf(1, { upstream: slow, deny: hides('dev', TOOL) }));
  await expect.poll(() => heard(his), { timeout: 30_000 }).toEqual(onAll('tools'));
  expect(heard(hers)).toEqual(onAll());
  await upstream.upstream.until(() =>
    upstream.upstream.log.some(({ message }) => message.method === 'resources/list'),
  );

  await gateway.apply(yamlOf(1, { upstream: slow, deny: hides('ops', PROMPT), window: '2s' }));
  await Promise.all([his.listenOver, hers.listenOver]);
  // What is not known by then counts as changed.
  expect(his.streams.listen()).toEqual(['tools', 'tools', 'resources']);
  expect(hers.streams.listen()).toEqual(['prompts', 'resources']);
  for (const name of ['get', 'sse', 'socket'] as const)
    await expect.poll(() => hers.streams[name](), { timeout: 30_000 }).toEqual(['prompts', 'resources']);
  his.close();
  hers.close();
});

/** An upstream whose lists a test makes up, and changes while it runs; besides all that fast-upstream can do. */
import {
  type FastUpstream,
  type FastUpstreamOptions,
  json,
  type Received,
  startFastUpstream,
} from './fast-upstream.ts';

export interface Offer {
  readonly tools?: readonly object[];
  readonly prompts?: readonly object[];
  readonly resources?: readonly object[];
  readonly resourceTemplates?: readonly object[];
  readonly ttlMs?: number;
  readonly cacheScope?: 'public' | 'private';
  /** Items on a page of its lists; all on one if absent. */
  readonly pageItems?: number;
  /** Capabilities instead of those that the lists need. */
  readonly capabilities?: object;
  readonly instructions?: string;
}

export interface OfferingUpstream extends AsyncDisposable {
  readonly upstream: FastUpstream;
  readonly url: string;
  /** What it offers from now on. */
  offer: Offer;
}

const LISTS = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
} as const;

const META = { 'io.modelcontextprotocol/serverInfo': { name: 'offering-upstream', version: '1.0.0' } };

const isModern = ({ message }: Received): boolean => message.params?._meta !== undefined;

/** Answers with a result; members that only one revision knows are added. */
export const answerWith = (received: Received, result: object, hints: object = {}): void => {
  const { message, response } = received;
  const modern = isModern(received) ? { resultType: 'complete', _meta: META, ...hints } : {};
  json(response, { jsonrpc: '2.0', id: message.id, result: { ...modern, ...result } });
};

const capabilitiesOf = (offer: Offer): object =>
  offer.capabilities ?? {
    ...(offer.tools === undefined ? {} : { tools: { listChanged: true } }),
    ...(offer.prompts === undefined ? {} : { prompts: { listChanged: true }, completions: {} }),
    ...(offer.resources === undefined && offer.resourceTemplates === undefined
      ? {}
      : { resources: { subscribe: true, listChanged: true }, completions: {} }),
  };

const answerList = (received: Received, member: (typeof LISTS)[keyof typeof LISTS], offer: Offer): void => {
  const items = offer[member] ?? [];
  const start = Number(received.message.params?.cursor ?? 0);
  const end = Math.min(items.length, start + (offer.pageItems ?? items.length));
  const { ttlMs = 60_000, cacheScope = 'public' } = offer;
  const next = end < items.length ? { nextCursor: String(end) } : {};
  answerWith(received, { [member]: items.slice(start, end), ...next }, { ttlMs, cacheScope });
};

/** Starts it. Reads, prompts and tools answer with `name` and what they were asked. */
export const startOfferingUpstream = async (
  name: string,
  offer: Offer,
  options: FastUpstreamOptions = {},
): Promise<OfferingUpstream> => {
  const upstream = await startFastUpstream(options);
  const offering = {
    upstream,
    url: upstream.url,
    offer,
    [Symbol.asyncDispose]: () => upstream.close(),
  };
  for (const [method, member] of Object.entries(LISTS))
    upstream.on(method, (received) => answerList(received, member, offering.offer));
  upstream.on('server/discover', (received) =>
    answerWith(
      received,
      {
        supportedVersions: ['2026-07-28'],
        capabilities: capabilitiesOf(offering.offer),
        instructions: offering.offer.instructions,
      },
      { ttlMs: 0, cacheScope: 'private' },
    ),
  );
  upstream.on('initialize', (received) => {
    const { protocolVersion } = received.message.params as { protocolVersion: string };
    const serverInfo = { name: 'offering-upstream', version: '1.0.0' };
    const { instructions } = offering.offer;
    const capabilities = capabilitiesOf(offering.offer);
    answerWith(received, { protocolVersion, capabilities, serverInfo, instructions });
  });
  upstream.on('resources/read', (received) => {
    const { uri } = received.message.params as { uri: string };
    answerWith(received, { contents: [{ uri, text: name }] }, { ttlMs: 0, cacheScope: 'private' });
  });
  upstream.on('prompts/get', (received) =>
    answerWith(received, { messages: [{ role: 'user', content: { type: 'text', text: name } }] }),
  );
  upstream.on('completion/complete', (received) => {
    const { ref } = received.message.params as { ref: { uri?: string; name?: string } };
    answerWith(received, { completion: { values: [name, ref.uri ?? ref.name] } });
  });
  upstream.behave((received) => {
    const { name: tool, arguments: args } = received.message.params ?? {};
    const told = { upstream: name, tool, arguments: args, headers: received.request.headers };
    answerWith(received, { content: [{ type: 'text', text: JSON.stringify(told) }] });
  });
  return offering;
};

/** Tools with these names. */
export const toolsNamed = (...names: readonly string[]): object[] =>
  names.map((name) => ({ name, inputSchema: { type: 'object' } }));

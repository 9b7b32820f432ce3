/** What the bench's upstream answers to one JSON-RPC message, in either era. */
import { ANSWER, ENDPOINT_PATH, LARGE_ANSWER, LEGACY_REVISION, MODERN_REVISION, TOOL } from './call.ts';

const SERVER_INFO = { name: 'bench-upstream', version: '1.0.0' };
const CACHE = { ttlMs: 3_600_000, cacheScope: 'public' };
const CONTENT = [{ type: 'text', text: ANSWER }];
const TOOLS = [
  {
    name: TOOL,
    description: 'The weather of the next days.',
    inputSchema: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, units: { type: 'string' } },
      required: ['city'],
    },
  },
];

/** Upstreams whose lists are measured, and the tools of each. */
export const LIST_UPSTREAMS = 10;
export const TOOLS_PER_UPSTREAM = 100;

const LIST_PATH = '/lists/';

/** The endpoint of one of them; the first has the tool that calls are made of among its own. */
export const listPath = (upstream: number): string => `${LIST_PATH}${upstream}`;

const listedTools = (upstream: number): object[] =>
  Array.from({ length: TOOLS_PER_UPSTREAM }, (_, at) => ({
    ...TOOLS[0],
    name: upstream === 0 && at === 0 ? TOOL : `lookup_${upstream}_${at}`,
  }));

const LISTS = Array.from(
  { length: LIST_UPSTREAMS },
  (_, upstream) =>
    `"result":${JSON.stringify({ resultType: 'complete', tools: listedTools(upstream), ...CACHE })}}`,
);

const RESULTS: Readonly<Record<string, { readonly modern?: unknown; readonly legacy?: unknown }>> = {
  'tools/call': { modern: { resultType: 'complete', content: CONTENT }, legacy: { content: CONTENT } },
  'tools/list': { modern: { resultType: 'complete', tools: TOOLS, ...CACHE }, legacy: { tools: TOOLS } },
  'server/discover': {
    modern: {
      resultType: 'complete',
      supportedVersions: [MODERN_REVISION],
      capabilities: { tools: {} },
      ...CACHE,
      _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
    },
  },
  initialize: {
    legacy: { protocolVersion: LEGACY_REVISION, capabilities: { tools: {} }, serverInfo: SERVER_INFO },
  },
  ping: { legacy: {} },
};

/** Results as JSON text, made once: the upstream's own cost shall be small against the load's. */
const MODERN = new Map<string, string>();
const LEGACY = new Map<string, string>();
for (const [method, { modern, legacy }] of Object.entries(RESULTS)) {
  if (modern !== undefined) MODERN.set(method, `"result":${JSON.stringify(modern)}}`);
  if (legacy !== undefined) LEGACY.set(method, `"result":${JSON.stringify(legacy)}}`);
}

const LARGE = [{ type: 'text', text: LARGE_ANSWER }];
const LARGE_MODERN = `"result":${JSON.stringify({ resultType: 'complete', content: LARGE })}}`;
const LARGE_LEGACY = `"result":${JSON.stringify({ content: LARGE })}}`;

export interface Answer {
  readonly status: 200 | 202 | 400 | 404;
  /** JSON text; empty for 202. */
  readonly body: string;
  /** Whether the answer opens a legacy session. */
  readonly opensSession: boolean;
  /** Whether the body is that of an event stream. */
  readonly isStream?: boolean;
}

const ACCEPTED: Answer = { status: 202, body: '', opensSession: false };
const UNREADABLE: Answer = {
  status: 400,
  body: '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}',
  opensSession: false,
};

interface Asked {
  readonly _meta?: object;
  readonly arguments?: { readonly units?: unknown };
}

/** Answers the JSON text of one request or notification that came to `path`. */
export const answerTo = (text: string, path: string = ENDPOINT_PATH): Answer => {
  let message: { id?: unknown; method?: unknown; params?: Asked };
  try {
    message = JSON.parse(text);
  } catch {
    return UNREADABLE;
  }
  if (message.id === undefined) return ACCEPTED;
  const meta = message.params?._meta;
  const isModern = meta !== undefined && 'io.modelcontextprotocol/protocolVersion' in meta;
  const method = String(message.method);
  const opening = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},`;
  const units = method === 'tools/call' ? message.params?.arguments?.units : undefined;
  if (units === 'large')
    return { status: 200, body: opening + (isModern ? LARGE_MODERN : LARGE_LEGACY), opensSession: false };
  const isListed = method === 'tools/list' && path.startsWith(LIST_PATH);
  const result = isListed
    ? LISTS[Number(path.slice(LIST_PATH.length))]
    : (isModern ? MODERN : LEGACY).get(method);
  if (result !== undefined && units === 'stream')
    return { status: 200, body: `data: ${opening}${result}\n\n`, opensSession: false, isStream: true };
  if (result !== undefined)
    return { status: 200, body: opening + result, opensSession: method === 'initialize' };
  return {
    status: isModern ? 404 : 200,
    body: `${opening}"error":{"code":-32601,"message":"Method not found"}}`,
    opensSession: false,
  };
};

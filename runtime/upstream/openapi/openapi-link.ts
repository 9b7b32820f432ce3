/** An API as an MCP server of the modern era, within the process: lists come from the graph, calls become requests. */
import { parseExactly } from '../../../schema/escaped-keys.ts';
import type { OpenApiUpstreamNode } from '../../../schema/graph/upstream.ts';
import { asGatewayError, RPC } from '../../errors.ts';
import { MODERN_VERSION } from '../discovery.ts';
import { upstreamError } from '../failure.ts';
import type { Cancel, Link, OutboundRequest, PeerInfo, ReplySink } from '../link.ts';
import { isObject, type Message } from '../message.ts';
import type { ApiCall } from './api-call.ts';
import type { ApiRequest } from './api-request.ts';
import { Operation } from './operation.ts';
import { type Answer, refusedAnswer } from './tool-result.ts';
import type { CompileSchema } from './validator.ts';

/** How long a list counts: it changes with the configuration only, and then this link is another. */
const LIST_TTL_MS = 60_000;

const NOTHING: Cancel = () => undefined;

const errorAnswer = (id: number, code: number, message: string): Answer => {
  const answer = { jsonrpc: '2.0', id, error: { code, message } };
  return { text: JSON.stringify(answer), message: answer };
};

/** Makes one call of an operation. */
type MakeApiCall = (
  operation: Operation,
  sent: ApiRequest,
  request: OutboundRequest,
  sink: ReplySink,
) => ApiCall;

export class OpenApiLink implements Link {
  readonly upstream: string;
  readonly era = 'modern';
  readonly peer: PeerInfo;
  closed = false;
  onUnsolicited: (text: string, message: Message) => void = () => undefined;
  onClosed: Link['onClosed'] = () => undefined;
  onGap: () => void = () => undefined;
  readonly subscriber = this;
  readonly #makeCall: MakeApiCall;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #listText: string;
  #lastId = 0;

  constructor(node: OpenApiUpstreamNode, makeCall: MakeApiCall, compile: CompileSchema) {
    const { credentials } = node;
    const ownQuery =
      credentials?.type === 'api-key' && credentials.in === 'query' ? credentials.name : undefined;
    this.upstream = node.name;
    this.peer = {
      protocolVersion: MODERN_VERSION,
      capabilities: { tools: {} },
      serverInfo: node.info,
      instructions: undefined,
    };
    this.#makeCall = makeCall;
    this.#operations = new Map(
      node.operations.map((each) => [each.name, new Operation(each, ownQuery, compile)] as const),
    );
    const tools = node.operations.map(({ tool }) => tool).join(',');
    this.#listText = `{"resultType":"complete","tools":[${tools}],"ttlMs":${LIST_TTL_MS},"cacheScope":"public"}`;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** An API says nothing of its own accord. */
  hears(): boolean {
    return false;
  }

  request(request: OutboundRequest, sink: ReplySink): Cancel {
    if (this.closed) {
      sink.onError(upstreamError('shutting_down', 'closed'));
      return NOTHING;
    }
    switch (request.method) {
      case 'tools/call':
        return this.#call(request, sink);
      case 'tools/list':
        return this.#answer(sink, this.#list(request.id));
      default:
        return this.#answer(sink, errorAnswer(request.id, RPC.methodNotFound, 'Method not found'));
    }
  }

  /** There is nobody to tell. */
  send(_body: string): void {}

  /** The link is everybody's: it ends with its upstream. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed(upstreamError('upstream_unavailable', 'closed'));
  }

  #list(id: number): Answer {
    const result: unknown = parseExactly(this.#listText);
    return { text: `{"jsonrpc":"2.0","id":${id},"result":${this.#listText}}`, message: { id, result } };
  }

  #call(request: OutboundRequest, sink: ReplySink): Cancel {
    const { id } = request;
    const { params } = parseExactly(request.body) as Message;
    const name = isObject(params) ? params.name : undefined;
    const operation = typeof name === 'string' ? this.#operations.get(name) : undefined;
    if (operation === undefined)
      return this.#answer(sink, errorAnswer(id, RPC.invalidParams, 'Unknown tool'));
    try {
      const sent = operation.request(request.body, params);
      if (typeof sent === 'string') return this.#answer(sink, refusedAnswer(id, sent));
      const call = this.#makeCall(operation, sent, request, sink);
      call.start();
      return (reason) => call.cancel(reason);
    } catch (thrown) {
      sink.onError(asGatewayError(thrown));
      return NOTHING;
    }
  }

  #answer(sink: ReplySink, { text, message }: Answer): Cancel {
    sink.onResponse(text, message);
    return NOTHING;
  }
}

/** Sends a client's request over a link and brings back what comes, adapted where the eras differ. */
import { asGatewayError, type GatewayError, RPC } from '../errors.ts';
import { REVISION_REFUSED, upstreamError } from '../upstream/failure.ts';
import type { LargeReply, Link, OutboundRequest } from '../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../upstream/message.ts';
import type { Adaptation, RequestContext } from './bridge/adaptation.ts';
import { adaptationOf } from './bridge/adaptations.ts';
import { BridgedCall, type MovableSink } from './bridge/bridged-call.ts';
import { type Call, later } from './call.ts';
import { forwardedHeaders } from './caller-headers.ts';
import type { Item } from './catalogue.ts';
import type { Exposure } from './exposure.ts';
import { asksForInput, inputEdits } from './input/modern-input.ts';
import { isRetry, takeRetry } from './input/retry.ts';
import { membersAt, memberText } from './json-members.ts';
import { type LargeWatch, largeResult } from './large-result.ts';
import type { Message } from './message.ts';
import { refuseUntold } from './modern/client-ceiling.ts';
import { modernStatus } from './modern/modern-reply.ts';
import { answerAs, readResponse, type UpstreamResponse } from './response.ts';
import type { Rewrite } from './result-rewrite.ts';
import { applyEdits, dropMembers, type Edit } from './splice.ts';
import { requestAsTask, requestPlainly } from './task/required-task.ts';
import { createdSessionTask, createdTask } from './task/task-result.ts';

/** What a target adds to the plain request. */
export interface ForwardOptions {
  /** The target's name at the upstream, where it differs from the one that the client used. */
  readonly upstreamName: string | undefined;
  /** The parameter that holds it. */
  readonly parameter: string;
  /** `mcp-name` and `mcp-param-*`, flat; for modern links. */
  readonly mirrored: readonly string[];
  readonly idempotent: boolean;
  readonly timeoutMs: number | undefined;
  readonly maxBytes: number | undefined;
  /** The tool that is called. */
  readonly tool?: Item | undefined;
  /** The rounds of input that came before, and the progress that was told in them. */
  readonly before?: { readonly rounds: number; readonly progress: number } | undefined;
  /** Changes its response before it is adapted to the client; absent where nothing is to be changed. */
  readonly rewrite?: Rewrite | undefined;
  /** It is made anew, and not once more. */
  readonly isSecond?: boolean;
  /** The upstream says that the mirrored headers do not fit its tool. True: the call is made again, answer nothing. */
  readonly onHeaderMismatch?: () => boolean;
  /** The tool runs as a task only, which the client knows nothing of. */
  readonly asTask?: boolean;
  /** Edits of a result that the upstream gave, besides those of the eras. */
  readonly resultEdits?: (response: UpstreamResponse) => Edit[];
  /** Told before the answer whether the upstream did what was asked. */
  readonly onOutcome?: (done: boolean) => void;
}

const progressTokenText = (call: Call): string | undefined =>
  call.message.meta !== undefined && 'progressToken' in call.message.meta
    ? memberText(call.message.text, call.message.members.meta, 'progressToken')
    : undefined;

const paramsEdits = (call: Call, metaText: string | undefined, options: ForwardOptions): Edit[] => {
  const { members, text } = call.message;
  const { params } = members;
  if (params === undefined) {
    if (metaText === undefined) return [];
    const method = members.root.keys.indexOf('method');
    const at = members.root.ends[method]!;
    return [{ start: at, end: at, text: `,"params":{"_meta":${metaText}}` }];
  }
  const edits: Edit[] = [];
  if (options.upstreamName !== undefined) {
    const at = params.keys.indexOf(options.parameter);
    edits.push({
      start: params.starts[at]!,
      end: params.ends[at]!,
      text: JSON.stringify(options.upstreamName),
    });
  }
  const meta = params.keys.indexOf('_meta');
  if (meta >= 0) {
    const old = text.slice(params.starts[meta], params.ends[meta]);
    const now = metaText ?? '{}';
    if (old !== now) edits.push({ start: params.starts[meta]!, end: params.ends[meta]!, text: now });
  } else if (metaText !== undefined) {
    const open = members.root.starts[members.root.keys.indexOf('params')]! + 1;
    const comma = params.keys.length > 0 ? ',' : '';
    edits.push({ start: open, end: open, text: `"_meta":${metaText}${comma}` });
  }
  return edits;
};

/** What a request made again brings (MCP 2026-07-28, patterns/mrtr). */
const ROUND_MEMBERS: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);

const requestBody = (
  call: Call,
  id: number,
  adaptation: Adaptation,
  tokenText: string | undefined,
  options: ForwardOptions,
): string => {
  const { message, client } = call;
  const context: RequestContext = {
    clientInfoText: client.infoText,
    capabilitiesText: client.capabilitiesText,
    logLevel: client.logLevel,
  };
  const metaText = adaptation.metaText(message, tokenText === undefined ? undefined : id, context);
  const { root } = message.members;
  const at = root.keys.indexOf('id');
  const edits = paramsEdits(call, metaText, options);
  const { params } = message.members;
  // A legacy client knows no rounds: what it puts in their place is not the answer to anything.
  if (
    adaptation.crossesEras &&
    client.era === 'legacy' &&
    options.before === undefined &&
    params !== undefined
  )
    edits.push(...dropMembers(params, ROUND_MEMBERS));
  edits.push({ start: root.starts[at]!, end: root.ends[at]!, text: String(id) });
  return applyEdits(message.text, edits);
};

const restoreToken = (text: string, tokenText: string): string => {
  const root = membersAt(text, 0);
  const start = root.starts[root.keys.indexOf('params')];
  if (start === undefined) return text;
  const params = membersAt(text, start);
  const at = params.keys.indexOf('progressToken');
  if (at < 0) return text;
  return applyEdits(text, [{ start: params.starts[at]!, end: params.ends[at]!, text: tokenText }]);
};

/** A legacy client gets no such answer: it is asked by requests. */
const isInputRequired = ({ result }: UpstreamResponse, call: Call, link: Link): boolean =>
  call.client.era === 'legacy' && link.era === 'modern' && result?.resultType === 'input_required';

/** Receives what belongs to one forwarded request. */
class ForwardSink implements MovableSink {
  #call: Call;
  readonly #exposure: Exposure;
  readonly #link: Link;
  readonly #id: number;
  readonly #adaptation: Adaptation;
  #tokenText: string | undefined;
  readonly #options: ForwardOptions;
  #progressed: number;

  constructor(
    call: Call,
    exposure: Exposure,
    link: Link,
    id: number,
    adaptation: Adaptation,
    tokenText: string | undefined,
    options: ForwardOptions,
  ) {
    this.#call = call;
    this.#exposure = exposure;
    this.#link = link;
    this.#id = id;
    this.#progressed = options.before?.progress ?? Number.NEGATIVE_INFINITY;
    this.#adaptation = adaptation;
    this.#tokenText = tokenText;
    this.#options = options;
  }

  /** What comes from now on belongs to another request of the client. */
  moveTo(call: Call): void {
    this.#call = call;
    this.#tokenText = progressTokenText(call);
    this.#progressed = Number.NEGATIVE_INFINITY;
  }

  onStream(): void {
    this.#call.reply.stream();
  }

  onSuspend(): void {
    this.#call.reply.suspend();
  }

  onMessage(text: string, message: UpstreamMessage): void {
    const { method } = message;
    if (message.id === undefined && method === 'notifications/progress') this.#progress(text, message);
    else if (message.id === undefined && method === 'notifications/message') this.#log(text, message);
    else this.#call.besides(this.#link, text, message);
  }

  /** Progress of this call alone, and only where it goes on (MCP 2025-11-25, progress: the value must increase). */
  #progress(text: string, message: UpstreamMessage): void {
    if (this.#tokenText === undefined || !isObject(message.params)) return;
    const { progressToken, progress } = message.params;
    if (progressToken !== this.#id || typeof progress !== 'number' || progress <= this.#progressed) return;
    this.#progressed = progress;
    const adapted = this.#adaptation.notification(text, message, undefined);
    if (adapted !== undefined) this.#call.reply.message(restoreToken(adapted, this.#tokenText));
  }

  /** A modern client gets log messages only of calls that ask for them (MCP 2026-07-28, logging). */
  #log(text: string, message: UpstreamMessage): void {
    const { client, server, reply } = this.#call;
    if (!server.node.features.logging || !isObject(message.params)) return;
    if (client.era === 'modern' && client.logLevel === undefined) return;
    const adapted = this.#adaptation.notification(text, message, client.logLevel);
    if (adapted !== undefined) reply.message(adapted);
  }

  onResponse(text: string, message: UpstreamMessage): void {
    const { rewrite } = this.#options;
    const rewritten = rewrite === undefined ? text : rewrite(text, message);
    if (typeof rewritten === 'string') this.#answer(rewritten, message);
    else later(this.#call, rewritten, (changed) => this.#answer(changed, message));
  }

  #answer(text: string, message: UpstreamMessage): void {
    const call = this.#call;
    const isModern = call.client.era === 'modern';
    let response: UpstreamResponse;
    let answer: string;
    try {
      response = readResponse(text, message);
      if (isModern) refuseUntold(response, call.server.node.features);
      if (isInputRequired(response, call, this.#link)) {
        this.#requireInput(response);
        return;
      }
      let edits =
        isModern && !this.#adaptation.crossesEras && asksForInput(response)
          ? inputEdits(call, this.#link.upstream, response)
          : this.#adaptation.responseEdits(response, call.method, call.message, this.#options.tool);
      if (isModern && response.result?.resultType === 'task')
        edits = edits.concat(createdTask(call, this.#link.upstream, response));
      if (call.tasks !== undefined && response.result?.task !== undefined)
        edits = edits.concat(createdSessionTask(call, call.tasks, this.#link.upstream, response));
      if (this.#options.resultEdits !== undefined) edits = edits.concat(this.#options.resultEdits(response));
      answer = answerAs(response, call.idText, edits);
    } catch (thrown) {
      this.onError(asGatewayError(thrown));
      return;
    }
    call.exchange.record.outcome = response.outcome;
    call.server.metrics.upstreamRequest(this.#link.upstream, response.outcome);
    if (response.errorCode === RPC.headerMismatch && this.#options.onHeaderMismatch?.() === true) return;
    this.#options.onOutcome?.(response.errorCode === undefined);
    call.reply.response(answer, isModern ? modernStatus(response.errorCode) : 200);
  }

  onLarge(watch?: LargeWatch): LargeReply | undefined {
    const { rewrite, resultEdits } = this.#options;
    // What reads a result wants all of it. Once it is known whose the URIs are, the next may not have to be read.
    const { uris } = this.#call.view;
    if (rewrite !== undefined && !uris.isKnown) void uris.learn();
    if (rewrite !== undefined || resultEdits !== undefined) return undefined;
    const edits = this.#adaptation.largeEdits(this.#call.method, this.#options.tool);
    const own: LargeWatch = {
      begun: () => undefined,
      over: (outcome) => {
        const label = typeof outcome === 'string' ? outcome : outcome.code;
        this.#call.server.metrics.upstreamRequest(this.#link.upstream, label);
        this.#options.onOutcome?.(typeof outcome === 'string');
      },
    };
    return largeResult(this.#call, this.#link.era, edits, watch === undefined ? [own] : [watch, own]);
  }

  #requireInput(response: UpstreamResponse): void {
    const { upstream } = this.#link;
    const { input, server } = this.#call;
    if (input === undefined) throw upstreamError('upstream_protocol', 'input is required of nobody');
    const rounds = (this.#options.before?.rounds ?? 0) + 1;
    const retry = (message: Message): void => {
      const before = { rounds, progress: this.#progressed };
      forward({ ...this.#call, message }, this.#exposure, this.#link, { ...this.#options, before });
    };
    input.requireInput(this.#call, { response, upstream, round: rounds, retry });
    server.metrics.upstreamRequest(upstream, response.outcome);
  }

  onError(error: GatewayError): void {
    this.#call.server.metrics.upstreamRequest(this.#link.upstream, error.code);
    if (error.cause === REVISION_REFUSED && this.#options.isSecond !== true) {
      again(this.#call, this.#exposure, this.#options);
      return;
    }
    this.#options.onOutcome?.(false);
    this.#call.reply.error(error);
  }
}

/** The call made anew, once: its session was unknown to the upstream, or its revision is not spoken any more. */
const again = (call: Call, exposure: Exposure, options: ForwardOptions): void => {
  const part = call.view.parts.find((each) => each.exposure === exposure);
  if (part === undefined) throw new Error('a call on an exposure that its view does not have');
  later(call, part.prepare(undefined), () => {
    const { connected } = part;
    if (connected !== undefined) send(call, exposure, connected.link, { ...options, isSecond: true });
    else call.reply.error(part.error ?? upstreamError('upstream_unavailable', 'not connected again'));
  });
};

const send = (call: Call, exposure: Exposure, link: Link, options: ForwardOptions): void => {
  if (!call.isWanted()) return;
  const adaptation = adaptationOf(call.client, link);
  const tokenText = progressTokenText(call);
  const id = link.nextId();
  const headers = forwardedHeaders(call.exchange.request.headers, exposure.forwardHeaders);
  if (link.era === 'modern') headers.push('mcp-method', call.message.method, ...options.mirrored);
  const request: OutboundRequest = {
    id,
    method: call.message.method,
    body: requestBody(call, id, adaptation, tokenText, options),
    headers,
    wantsLogs: call.client.logLevel !== undefined,
    idempotent: options.idempotent,
    timeoutMs: options.timeoutMs,
    maxBytes: options.maxBytes,
  };
  call.exchange.record.upstream = exposure.upstream.name;
  const sink = new ForwardSink(call, exposure, link, id, adaptation, tokenText, options);
  if (link.era === 'modern') {
    call.onCancellable(link.request(request, sink));
    return;
  }
  const begin = options.asTask === true ? requestAsTask : requestPlainly;
  if (call.client.era === 'legacy') {
    const { cancel, pause } = begin(link, request, sink);
    call.onCancellable(cancel, pause);
    return;
  }
  const calls = exposure.bridged.callsOn(link);
  const asked = calls.mayAsk && call.method.kind === 'target' ? { ...request, mayPause: true } : request;
  const bridged = new BridgedCall(call, {
    link,
    calls,
    begin: (reply) => begin(link, asked, reply),
    sink,
    again: options.isSecond === true ? undefined : (retried) => again(retried, exposure, options),
    turnTimeoutMs: exposure.upstreamNode.timeouts.callMs,
  });
  call.onCancellable(bridged.start());
};

/**
 * Sends the request, unless nobody wants it any more. The reply is answered in every case; the call learns how to
 * take it back.
 */
export const forward = (sent: Call, exposure: Exposure, link: Link, options: ForwardOptions): void => {
  if (!sent.isWanted()) return;
  const call = isRetry(sent) ? takeRetry(sent, link) : sent;
  if (call !== undefined) send(call, exposure, link, options);
};

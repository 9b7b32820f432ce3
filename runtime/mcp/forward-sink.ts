/** What an upstream sends in answer to a forwarded request, on its way to the client. */
import { asGatewayError, type GatewayError, RPC } from '../errors.ts';
import { membersAt } from '../json-members.ts';
import { isMadeAnew, upstreamError } from '../upstream/failure.ts';
import type { LargeReply, Link } from '../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../upstream/message.ts';
import type { Adaptation } from './bridge/adaptation.ts';
import type { MovableSink } from './bridge/bridged-call.ts';
import { type Call, later } from './call.ts';
import type { Exposure } from './exposure.ts';
import type { ForwardOptions } from './forward-options.ts';
import { asksForInput, inputEdits } from './input/modern-input.ts';
import { type LargeWatch, largeResult } from './large-result.ts';
import type { Message } from './message.ts';
import { refuseUntold } from './modern/client-ceiling.ts';
import { modernStatus } from './modern/modern-reply.ts';
import { progressTokenText } from './outbound-body.ts';
import { answerAs, readResponse, type UpstreamResponse } from './response.ts';
import { applyEdits } from './splice.ts';
import { createdSessionTask, createdTask } from './task/task-result.ts';

const restoreToken = (text: string, tokenText: string): string => {
  const root = membersAt(text, 0);
  const start = root.starts[root.keys.indexOf('params')];
  if (start === undefined) return text;
  const params = membersAt(text, start);
  const at = params.keys.indexOf('progressToken');
  if (at < 0) return text;
  return applyEdits(text, [{ start: params.starts[at]!, end: params.ends[at]!, text: tokenText }]);
};

/** How a call is made once more. */
export interface Anew {
  /** On a link that is found anew. */
  again(call: Call, exposure: Exposure, options: ForwardOptions): void;
  /** On the same link. */
  forward(call: Call, exposure: Exposure, link: Link, options: ForwardOptions): void;
}

/** A legacy client gets no such answer: it is asked by requests. */
const isInputRequired = ({ result }: UpstreamResponse, call: Call, link: Link): boolean =>
  call.client.era === 'legacy' && link.era === 'modern' && result?.resultType === 'input_required';

/** Receives what belongs to one forwarded request. */
export class ForwardSink implements MovableSink {
  #call: Call;
  readonly #exposure: Exposure;
  readonly #link: Link;
  readonly #id: number;
  readonly #adaptation: Adaptation;
  #tokenText: string | undefined;
  readonly #options: ForwardOptions;
  readonly #anew: Anew;
  #progressed: number;

  constructor(
    call: Call,
    exposure: Exposure,
    link: Link,
    id: number,
    adaptation: Adaptation,
    tokenText: string | undefined,
    options: ForwardOptions,
    anew: Anew,
  ) {
    this.#call = call;
    this.#exposure = exposure;
    this.#link = link;
    this.#id = id;
    this.#progressed = options.before?.progress ?? Number.NEGATIVE_INFINITY;
    this.#adaptation = adaptation;
    this.#tokenText = tokenText;
    this.#options = options;
    this.#anew = anew;
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
    this.#call.exchange.record.answeredMs = performance.now();
    const { rewrite } = this.#options;
    let rewritten: string | Promise<string>;
    try {
      rewritten = rewrite === undefined ? text : rewrite.change(text, message);
    } catch (thrown) {
      this.onError(asGatewayError(thrown));
      return;
    }
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
    if (response.errorCode !== undefined && this.#isTriedElsewhere(response.errorCode)) return;
    this.#options.onOutcome?.(response.errorCode === undefined);
    call.reply.response(answer, isModern ? modernStatus(response.errorCode) : 200);
  }

  #isTriedElsewhere(errorCode: number): boolean {
    const { onHeaderMismatch, onNotFound } = this.#options;
    if (errorCode === RPC.headerMismatch) return onHeaderMismatch?.() === true;
    const unknown = errorCode === RPC.resourceNotFound || errorCode === RPC.invalidParams;
    return unknown && onNotFound?.() === true;
  }

  onLarge(watch?: LargeWatch): LargeReply | undefined {
    this.#call.exchange.record.answeredMs = performance.now();
    const { rewrite, resultEdits } = this.#options;
    // What looks for URIs wants all of a result. Once it is known whose they are, the next may not have to be read.
    const { uris } = this.#call.view;
    if (rewrite !== undefined && !uris.isKnown) void uris.learn();
    if ((rewrite !== undefined && rewrite.large === undefined) || resultEdits !== undefined) return undefined;
    const edits = this.#adaptation.largeEdits(this.#call.method, this.#options.tool);
    const own: LargeWatch = {
      begun: () => undefined,
      over: (outcome) => {
        const label = typeof outcome === 'string' ? outcome : outcome.code;
        this.#call.server.metrics.upstreamRequest(this.#link.upstream, label);
        this.#options.onOutcome?.(typeof outcome === 'string');
      },
    };
    const watches = watch === undefined ? [own] : [watch, own];
    return largeResult(this.#call, this.#link.era, edits, rewrite?.large, watches);
  }

  #requireInput(response: UpstreamResponse): void {
    const { upstream } = this.#link;
    const { input, server } = this.#call;
    if (input === undefined) throw upstreamError('upstream_protocol', 'input is required of nobody');
    const rounds = (this.#options.before?.rounds ?? 0) + 1;
    const retry = (message: Message): void => {
      const before = { rounds, progress: this.#progressed };
      this.#anew.forward({ ...this.#call, message }, this.#exposure, this.#link, {
        ...this.#options,
        before,
      });
    };
    input.requireInput(this.#call, { response, upstream, round: rounds, retry });
    server.metrics.upstreamRequest(upstream, response.outcome);
  }

  onError(error: GatewayError): void {
    this.#call.exchange.record.answeredMs = performance.now();
    this.#call.server.metrics.upstreamRequest(this.#link.upstream, error.code);
    if (isMadeAnew(error.cause) && this.#options.isSecond !== true) {
      this.#anew.again(this.#call, this.#exposure, this.#options);
      return;
    }
    this.#options.onOutcome?.(false);
    this.#call.reply.error(error);
  }
}

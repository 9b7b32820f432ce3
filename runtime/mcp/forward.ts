/** Sends a client's request over a link and brings back what comes, adapted where the eras differ. */
import { upstreamError } from '../upstream/failure.ts';
import type { Link, OutboundRequest } from '../upstream/link.ts';
import { adaptationOf } from './bridge/adaptations.ts';
import { BridgedCall } from './bridge/bridged-call.ts';
import { type Call, later } from './call.ts';
import { callerDeadlineMs, inTime } from './caller-deadline.ts';
import { forwardedHeaders } from './caller-headers.ts';
import type { Exposure } from './exposure.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Anew, ForwardSink } from './forward-sink.ts';
import { isRetry, takeRetry } from './input/retry.ts';
import { ownerOf } from './legacy/owner-quota.ts';
import { progressTokenText, requestBody } from './outbound-body.ts';
import { requestAsTask, requestPlainly } from './task/required-task.ts';

/** The call made anew, once: its session was unknown to the upstream, or its revision is not spoken any more. */
const again = (call: Call, exposure: Exposure, options: ForwardOptions): void => {
  const part = call.view.parts.find((each) => each.exposure === exposure);
  if (part === undefined) throw new Error('a call on an exposure that its view does not have');
  later(call, inTime(call, part.prepare(undefined)), () => {
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
    tool: options.tool?.name,
    caller: ownerOf(call.exchange.principal, call.exchange.clientAddress),
    timeoutMs: options.timeoutMs,
    maxTimeoutMs: options.maxTimeoutMs,
    deadlineMs: callerDeadlineMs(call),
    preparingMs: call.preparingMs,
    mayProgress: tokenText !== undefined,
    maxBytes: options.maxBytes,
  };
  // What an upstream is long in answering is to hold little: it is copied by the collector again and again.
  call.message.members.letGo();
  if (call.preparingMs !== undefined) call.preparingMs = 0;
  const { record } = call.exchange;
  record.upstream = exposure.upstream.name;
  if (record.sentMs === 0) record.sentMs = performance.now();
  const sink = new ForwardSink(call, exposure, link, id, adaptation, tokenText, options, ANEW);
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
  if (!isRetry(sent)) {
    send(sent, exposure, link, options);
    return;
  }
  const go = (call: Call | undefined): void => {
    if (call !== undefined) send(call, exposure, link, options);
  };
  const taken = takeRetry(sent, link);
  if (taken instanceof Promise) later(sent, taken, go);
  else go(taken);
};

const ANEW: Anew = { again, forward };

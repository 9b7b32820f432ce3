/** The operations listener: health, readiness, status, metrics, reload, revocation. */
import assert from 'node:assert/strict';
import * as ANSWERS from '../../policies/answers.ts';
import { compileHostRules, type HostRules } from '../../policies/listen/host-rules.ts';
import { ASKED_BY_ADDRESS, type ListenerNode, type OpsService } from '../../schema/graph/listener.ts';
import { answerError, GatewayError, RPC } from '../errors.ts';
import type { Handler } from '../generation.ts';
import type { Authenticate } from '../identity/authenticate.ts';
import { discardBody, readBody } from '../listen/body.ts';
import type { WebExchange } from '../listen/exchange.ts';
import { replyError, replyJson, replyText } from '../listen/reply.ts';
import { hostOf } from '../listen/request-host.ts';
import { redactLine } from '../observe/redact.ts';
import { NeedsRestart } from '../reload/needs-restart.ts';
import type { ReloadOutcome, ReloadResult } from '../reload/reload-result.ts';
import type { OpsSource } from './ops-source.ts';
import { serveRevocations, serveRevoke } from './revoke.ts';

interface Endpoint {
  readonly path: string;
  readonly service: OpsService;
  readonly method: 'GET' | 'POST';
  /** Whether anybody may ask, even where the listener has identities: probes carry no credentials. */
  readonly open: boolean;
  readonly serve: (exchange: WebExchange, source: OpsSource, body: string) => void | Promise<void>;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const RELOAD_STATUS: Readonly<Record<ReloadOutcome, number>> = {
  applied: 200,
  unchanged: 200,
  rejected: 422,
  failed: 500,
};

const etag = (artifactHash: string): readonly string[] => ['etag', `"${artifactHash}"`];

/** What is told of an attempt to reload: all of it, the error as text without credentials. */
const reloadText = (result: ReloadResult): string => {
  const { error, atMs, ...told } = result;
  const needsRestart = error instanceof NeedsRestart ? error.fields : undefined;
  const message = error instanceof Error ? error.message : error === undefined ? undefined : String(error);
  return redactLine(
    JSON.stringify({ ...told, at: new Date(atMs).toISOString(), error: message, needsRestart }),
  );
};

/** Whether an If-Match admits the entity tag of the running artifact (RFC 9110, 13.1.1). */
const matches = (ifMatch: string, artifactHash: string): boolean =>
  ifMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim() === `"${artifactHash}"`);

const replyPrecondition = (exchange: WebExchange, source: OpsSource): void => {
  const { artifactHash } = source.status();
  exchange.record.outcome = 'precondition_failed';
  const body = JSON.stringify({ result: 'refused', reason: 'another artifact is running', artifactHash });
  replyJson(exchange, 412, body, etag(artifactHash));
};

const serveReload = async (exchange: WebExchange, source: OpsSource): Promise<void> => {
  const ifMatch = exchange.request.headers['if-match'];
  // Looked at in its turn: of two who would load over the same artifact, the first wins.
  const result = await (ifMatch === undefined
    ? source.reload()
    : source.reloadOver((artifactHash) => matches(ifMatch, artifactHash)));
  if (result === undefined) {
    replyPrecondition(exchange, source);
    return;
  }
  exchange.record.outcome = result.result;
  replyJson(exchange, RELOAD_STATUS[result.result], reloadText(result), etag(result.artifactHash));
};

const serveStatus = async (exchange: WebExchange, source: OpsSource): Promise<void> => {
  await source.refresh();
  const { lastReload, ...status } = source.status();
  const last = lastReload === undefined ? 'null' : reloadText(lastReload);
  const text = `${JSON.stringify({ ...status, ...source.traffic() }).slice(0, -1)},"lastReload":${last}}`;
  replyJson(exchange, 200, text, etag(status.artifactHash));
};

const NO_GRAPH = new GatewayError('not_found', 'the running graph is not known', {
  status: 404,
  rpcCode: RPC.invalidRequest,
});

const serveGraph = (exchange: WebExchange, source: OpsSource): void => {
  const graph = source.graph();
  if (graph === undefined) replyError(exchange, NO_GRAPH);
  else replyJson(exchange, 200, graph, etag(source.status().artifactHash));
};

const ENDPOINTS: readonly Endpoint[] = [
  {
    path: '/-/healthy',
    service: 'health',
    method: 'GET',
    open: true,
    serve: (exchange) => replyJson(exchange, 200, '{"healthy":true}'),
  },
  {
    path: '/-/ready',
    service: 'health',
    method: 'GET',
    open: true,
    serve: (exchange, source) => {
      const { ready, detail } = source.ready();
      replyJson(exchange, ready ? 200 : 503, JSON.stringify({ ready, ...detail }));
    },
  },
  { path: '/-/graph', service: 'status', method: 'GET', open: false, serve: serveGraph },
  { path: '/-/status', service: 'status', method: 'GET', open: false, serve: serveStatus },
  {
    path: '/metrics',
    service: 'metrics',
    method: 'GET',
    open: false,
    serve: async (exchange, source) => {
      await source.refresh();
      replyText(exchange, 200, METRICS_TYPE, source.metrics());
    },
  },
  { path: '/-/reload', service: 'reload', method: 'POST', open: false, serve: serveReload },
  { path: '/-/revoke', service: 'revoke', method: 'POST', open: false, serve: serveRevoke },
  { path: '/-/revocations', service: 'status', method: 'GET', open: false, serve: serveRevocations },
];

const HOST_REFUSED = answerError(ANSWERS.HOST_REFUSED);

const METHOD_REFUSED = {
  GET: new GatewayError('method_not_allowed', 'only GET is served here', {
    status: 405,
    rpcCode: RPC.invalidRequest,
    headers: ['allow', 'GET, HEAD'],
  }),
  POST: new GatewayError('method_not_allowed', 'only POST is served here', {
    status: 405,
    rpcCode: RPC.invalidRequest,
    headers: ['allow', 'POST'],
  }),
};

/** Calls `next` once the caller is known to be one who may. */
const guard = (exchange: WebExchange, authenticate: Authenticate, next: () => void): void =>
  authenticate(exchange, Date.now(), (outcome) => {
    if (outcome instanceof GatewayError) {
      replyError(exchange, outcome);
      return;
    }
    exchange.principal = outcome;
    next();
  });

/** @param names the hosts that requests may be for; absent where any address will do, which the door has seen to */
const handlerOf = (
  endpoint: Endpoint,
  node: ListenerNode,
  source: OpsSource,
  authenticate: Authenticate | undefined,
  names: HostRules | undefined,
): Handler => {
  const { method: wanted, open, serve } = endpoint;
  return (exchange) => {
    const { method } = exchange.request;
    if (names?.admits(hostOf(exchange)!) === false) {
      replyError(exchange, HOST_REFUSED);
      discardBody(exchange);
      return;
    }
    const read = (): void =>
      readBody(
        exchange,
        node.sizes.bodyBytes,
        (body) => void serve(exchange, source, body),
        (error) => replyError(exchange, error),
      );
    if (method !== wanted && !(method === 'HEAD' && wanted === 'GET')) {
      replyError(exchange, METHOD_REFUSED[wanted]);
    } else if (open || authenticate === undefined) {
      read();
    } else {
      guard(exchange, authenticate, read);
    }
  };
};

/**
 * The routes of an operations listener: those of the services that it serves, all others are not there. With
 * `authenticate`, only health is open. Health and metrics are asked for any address, all else for hosts that are listed.
 * A reload is refused with 412 if its If-Match names another artifact than the running one; its answer comes when the
 * attempt is over: 200, 422 for rejected files, 500 for a failure.
 */
export const opsRoutes = (
  node: ListenerNode,
  source: OpsSource,
  authenticate: Authenticate | undefined,
): ReadonlyMap<string, Handler> => {
  assert.ok(node.identities.length === 0 || authenticate !== undefined, 'identities need authentication');
  const served = ENDPOINTS.filter(({ service }) => node.serve.includes(service));
  const listed = compileHostRules(node.hosts);
  return new Map(
    served.map((each) => {
      const names = ASKED_BY_ADDRESS.includes(each.service) ? undefined : listed;
      return [each.path, handlerOf(each, node, source, authenticate, names)];
    }),
  );
};

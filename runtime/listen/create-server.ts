import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { ListenerNode } from '../../schema/graph/listener.ts';

/** A server of any of the kinds that a listener may need. */
export type ListenerServer = http.Server | https.Server | http2.Http2SecureServer;

const MAX_CONCURRENT_STREAMS = 256;

/** Streams that a client may reset at once, and then per second; with more its connection ends (CVE-2023-44487). */
const RESET_BURST = 100;
const RESETS_PER_SECOND = 33;

/** The parts of a listener that a live server takes over in place, as the server's own properties. */
export const serverSettings = (node: ListenerNode) => ({
  maxHeaderSize: node.sizes.headerBytes,
  headersTimeout: node.connections.headerTimeoutMs,
  requestTimeout: node.connections.headerTimeoutMs + node.connections.bodyTimeoutMs,
  keepAliveTimeout: node.connections.idleTimeoutMs,
});

/** A listener's TLS settings, as `tls` has them. */
export const secureContextOptions = (tls: NonNullable<ListenerNode['tls']>) => ({
  cert: tls.certificate,
  key: tls.key,
  minVersion: tls.minVersion === '1.3' ? ('TLSv1.3' as const) : ('TLSv1.2' as const),
});

/**
 * An unbound server: plain HTTP/1.1, HTTPS, or HTTP/2 over TLS with HTTP/1.1 beside it where both are offered. A request
 * that asks for another protocol emits `upgrade` only if the callback says so.
 */
export const createServer = (
  node: ListenerNode,
  shouldUpgradeCallback: (request: http.IncomingMessage) => boolean,
): ListenerServer => {
  const { headerTimeoutMs } = node.connections;
  const options = {
    ...serverSettings(node),
    connectionsCheckingInterval: Math.min(1_000, Math.max(50, Math.floor(headerTimeoutMs / 4))),
    requireHostHeader: false,
    shouldUpgradeCallback,
    noDelay: true,
  };
  if (node.tls === undefined) return http.createServer(options);
  const secure = { ...options, ...secureContextOptions(node.tls), handshakeTimeout: headerTimeoutMs };
  if (!node.http.includes('h2')) return https.createServer({ ...secure, ALPNProtocols: ['http/1.1'] });
  return http2.createSecureServer({
    ...secure,
    allowHTTP1: node.http.includes('http/1.1'),
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
    settings: {
      enablePush: false,
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: node.sizes.headerBytes,
    },
  });
};
